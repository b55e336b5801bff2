"use strict";
document.documentElement.classList.add("js");
try {
  const theme = localStorage.getItem("clonedetect-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch { /* a browser may forbid storage to files opened from disk */ }
