// Names the fields that search while one types (select2) by the label beside them.
(function ($) {
  "use strict";

  function name(root) {
    root.querySelectorAll("select.admin-autocomplete").forEach(function (select) {
      var label = document.querySelector('label[for="' + select.id + '"]');
      var shown = document.getElementById("select2-" + select.id + "-container");
      if (label && shown) shown.setAttribute("aria-label", label.textContent.replace(/:\s*$/, ""));
    });
  }

  $(function () {
    name(document);
  });
  document.addEventListener("formset:added", function (event) {
    window.setTimeout(function () {
      name(event.target);
    }, 0);
  });
})(django.jQuery);
