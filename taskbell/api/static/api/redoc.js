// ReDoc in the colours of the app.
//
// It shows a picture of its maker from another host, and has no option against it: such pictures stay empty here.
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

// ReDoc computes with its colours when it starts, so it can't take them from the style sheet.
const either = (light, dark) => (isDark() ? dark : light);
const themed = () => {
  const ink = either("#1d2126", "#e9e7e2"), soft = either("#565b63", "#a9b0b8");
  const accent = either("#24527a", "#8fbde6"), line = either("#e6e2d8", "#2a2f35");
  const surface = either("#fffefb", "#1a1e22"), sunken = either("#efece4", "#0e1113"), raised = either("#ffffff", "#23282d");
  const green = either("#1d6640", "#85d0a4"), red = either("#a62b24", "#f5a09a"), amber = either("#7d4b00", "#f3c578");
  const wash = (main, background, tabTextColor) => ({ color: main, backgroundColor: background, tabTextColor });
  return {
    colors: {
      primary: { main: accent }, success: { main: green }, warning: { main: amber, contrastText: ink }, error: { main: red },
      gray: { 50: surface, 100: line },
      text: { primary: ink, secondary: soft },
      border: { dark: line, light: line },
      responses: {
        success: wash(green, either("#e4f1e8", "#15291d"), "#85d0a4"), error: wash(red, either("#fbeae7", "#361c1a"), "#f5a09a"),
        redirect: wash(amber, either("#faefdb", "#2d2412"), "#f3c578"), info: wash(accent, either("#e6edf4", "#1d2b39"), "#8fbde6"),
      },
    },
    schema: {
      linesColor: either("#88847a", "#78828c"), typeNameColor: soft, typeTitleColor: soft, requireLabelColor: red,
      nestedBackground: surface, defaultDetailsWidth: "70%", arrow: { color: soft },
    },
    typography: {
      fontFamily: "system-ui, sans-serif", fontSize: "15px",
      headings: { fontFamily: "system-ui, sans-serif", fontWeight: "650" },
      code: { color: ink, backgroundColor: sunken }, links: { color: accent, visited: accent, hover: accent },
    },
    sidebar: { backgroundColor: either("#f7f5f0", "#1a1e22"), textColor: ink, activeTextColor: accent, arrow: { color: soft } },
    rightPanel: { backgroundColor: either("#1a1e22", "#0e1113"), textColor: "#e9e7e2" },
    codeBlock: { backgroundColor: "#131619" },
    fab: { backgroundColor: raised, color: accent },
  };
};

const reference = document.getElementById("redoc");
Redoc.init(reference.dataset.schema, { theme: themed(), scrollYOffset: ".top", nativeScrollbars: true, hideSchemaPattern: true }, reference);
system.addEventListener("change", () => location.reload());
