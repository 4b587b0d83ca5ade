// Swagger UI and ReDoc in the theme of the signed-in person, else in that of the system. The class is Swagger's.

const system = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
const paint = () => document.documentElement.classList.toggle("dark-mode", isDark());

paint();
system.addEventListener("change", paint);
