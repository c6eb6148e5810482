// Before the first paint, so that nobody who chose dark sees a white flash.
(() => {
  const name = localStorage.getItem("vultus-theme");
  if (name === "light" || name === "dark") document.documentElement.dataset.theme = name;
})();
