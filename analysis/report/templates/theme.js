// The form of the colours: the system's, until the reader chooses; the choice is remembered where that is allowed.
(function () {
  "use strict";
  var root = document.documentElement, key = "ssot-theme", system = matchMedia("(prefers-color-scheme: dark)");
  function read() { try { return localStorage.getItem(key); } catch (error) { return null; } }
  function keep(value) { try { localStorage.setItem(key, value); } catch (error) { /* not allowed: for this page only */ } }
  function name() { return root.dataset.theme || (system.matches ? "dark" : "light"); }
  var chosen = read();
  if (chosen === "dark" || chosen === "light") { root.dataset.theme = chosen; }
  addEventListener("DOMContentLoaded", function () {
    var button = document.querySelector("button.theme");
    function show() {
      var other = name() === "dark" ? "Light" : "Dark";
      button.textContent = other;
      button.setAttribute("aria-label", other + " colours");
      dispatchEvent(new Event("ssot-theme"));
    }
    button.hidden = false;
    show();
    button.addEventListener("click", function () {
      root.dataset.theme = name() === "dark" ? "light" : "dark";
      keep(root.dataset.theme);
      show();
    });
    system.addEventListener("change", show);
  });
}());
