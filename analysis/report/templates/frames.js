// In a notebook: tell its frames which form of the colours JupyterLab or an editor has, now and when it changes.
(function () {
  "use strict";
  function name() {
    var marks = document.body.dataset, lab = marks.jpThemeLight, editor = marks.vscodeThemeKind || "";
    if (lab) { return lab === "true" ? "light" : "dark"; }
    return editor ? (/light$/.test(editor) ? "light" : "dark") : "";
  }
  function tell(place) { if (place && name()) { place.postMessage({ ssotTheme: name() }, "*"); } }
  function tellAll() {
    document.querySelectorAll("iframe.ssot-frame").forEach(function (frame) { tell(frame.contentWindow); });
  }
  tellAll();
  if (window.ssotFrames) { return; }
  window.ssotFrames = true;
  addEventListener("message", function (event) { if (event.data && event.data.ssotAsks) { tell(event.source); } });
  new MutationObserver(tellAll).observe(document.body, { attributes: true });
}());
