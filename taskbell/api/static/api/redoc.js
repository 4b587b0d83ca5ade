// ReDoc shows a picture of its maker from another host, and has no option against it: such pictures stay empty here.
// React sets the address of a picture twice, as an attribute and as a property.

const isForeign = (address) => new URL(address, location.href).host !== location.host && !String(address).startsWith("data:");
const { setAttribute } = Element.prototype;
const source = Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, "src");

HTMLImageElement.prototype.setAttribute = function (name, value) {
  if (name !== "src" || !isForeign(value)) setAttribute.call(this, name, value);
};

Object.defineProperty(HTMLImageElement.prototype, "src", {
  ...source,
  set(value) {
    if (!isForeign(value)) source.set.call(this, value);
  },
});
