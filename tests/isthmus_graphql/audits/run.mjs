// Audits the GraphQL server at ADDRESS with TOKEN; prints [{id, name, status, reason}] as JSON.
import { auditServer } from "graphql-http";

const [address, token] = process.argv.slice(2);
const fetchFn = (url, given = {}) =>
  fetch(url, { ...given, headers: { ...given.headers, authorization: `Bearer ${token}` } });
const results = await auditServer({ url: address, fetchFn });
console.log(JSON.stringify(results.map(({ id, name, status, reason }) => ({ id, name, status, reason }))));
process.exit(0);
