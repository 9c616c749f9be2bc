"use strict";

ReactDOM.render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url: "/graphql" }),
    defaultQuery:
      "{\n  viewer { party { name roles } }\n" +
      "  shipments(first: 5) { edges { node { reference status { code } eta } } }\n}\n",
    headers: '{\n  "Authorization": "Bearer <isthmus token --party forwarder>"\n}',
    isHeadersEditorEnabled: true,
    shouldPersistHeaders: false,
  }),
  document.getElementById("graphiql"),
);
