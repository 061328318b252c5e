// The page of the API: Swagger UI, kept here so that it works without the Internet and under the page's policy.
SwaggerUIBundle({ url: "/openapi.json", dom_id: "#docs", deepLinking: true, tryItOutEnabled: true });
