/* The moderators' console: its keys. What changes comes by `live.js`. */
"use strict";
window.Keys(document.getElementById("live-console"));
