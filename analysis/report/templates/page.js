// Opens what a link leads to, and for print all but the evidence of each finding; closes the contents after a choice on a narrow screen.
(function () {
  "use strict";
  var contents = document.querySelector("nav.contents details"), screen = matchMedia("(min-width: 64rem)"), opened = [];
  function isBeside() { return screen.matches && !document.body.classList.contains("roomy"); }
  function arrange() { contents.open = isBeside(); }
  function reveal() {
    var target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) { return; }
    for (var part = target; part; part = part.parentElement) { if (part.tagName === "DETAILS") { part.open = true; } }
    var inside = target.querySelector(":scope > details");
    if (inside) { inside.open = true; }
    target.scrollIntoView();
  }
  // What a term means is shown on the side where there is room.
  function turn(event) {
    var term = event.target.closest && event.target.closest("button.term");
    if (term) { term.classList.toggle("near-end", term.getBoundingClientRect().left > innerWidth - 400); }
  }
  addEventListener("pointerover", turn);
  addEventListener("focusin", turn);
  arrange();
  screen.addEventListener("change", arrange);
  contents.addEventListener("click", function (event) { if (event.target.closest("a") && !isBeside()) { contents.open = false; } });
  addEventListener("hashchange", reveal);
  reveal();
  addEventListener("keydown", function (event) {
    if (event.key !== "Escape") { return; }
    if (contents.open && !isBeside()) { contents.open = false; }
    if (document.activeElement && document.activeElement.matches("button.term")) { document.activeElement.blur(); }
  });
  addEventListener("beforeprint", function () {
    opened = Array.prototype.filter.call(document.querySelectorAll("main details:not([open], .subject)"), function (part) { part.open = true; return true; });
  });
  addEventListener("afterprint", function () { opened.forEach(function (part) { part.open = false; }); });
}());
