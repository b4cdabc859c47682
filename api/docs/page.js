"use strict";

const place = document.getElementById("interface");
SwaggerUIBundle({
  domNode: place,
  url: place.dataset.document,
  deepLinking: true,
  displayRequestDuration: true,
  operationsSorter: "alpha",
  validatorUrl: null, /* the default is an outside host */
});
