// Select2 gives its boxes no name that a screen reader can say: they get that of their label, or of their column.

const namedBy = (select) => select.labels?.[0] ?? select.closest("table")?.querySelector(`th.column-${select.closest("td").className.replace("field-", "")}`);

const name = () => {
  for (const select of document.querySelectorAll("select.select2-hidden-accessible")) {
    const label = namedBy(select);
    const box = select.nextElementSibling?.querySelector(".select2-selection:not([data-named])");
    if (!label || !box) continue;
    const shown = box.querySelector(".select2-selection__rendered");
    label.id ||= `${select.id}-name`;
    box.dataset.named = "";
    box.setAttribute("aria-labelledby", `${label.id} ${shown.id}`);
    shown.setAttribute("aria-labelledby", label.id);
  }
  const search = document.querySelector(".select2-search__field:not([aria-labelledby])");
  const open = document.querySelector(".select2-container--open [data-named]");
  if (search && open) search.setAttribute("aria-labelledby", open.getAttribute("aria-labelledby").split(" ")[0]);
};

new MutationObserver(name).observe(document, { childList: true, subtree: true });
