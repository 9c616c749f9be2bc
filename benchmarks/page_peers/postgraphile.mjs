// PostGraphile 5 on the trade: two processes, the role and settings of row-level security for each request.
import cluster from "node:cluster";
import { createServer } from "node:http";
import { grafserv } from "postgraphile/grafserv/node";
import { makePgService } from "postgraphile/adaptors/pg";
import { postgraphile } from "postgraphile";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";

const { BENCHMARK_DATABASE_URL, BENCHMARK_PARTY, BENCHMARK_PORT, BENCHMARK_PROCESSES, BENCHMARK_THREADS } =
  process.env;

const preset = {
  extends: [PostGraphileAmberPreset],
  disablePlugins: ["PgIndexBehaviorsPlugin"], // it hides what a page is sorted by
  pgServices: [
    makePgService({
      connectionString: BENCHMARK_DATABASE_URL,
      schemas: ["public"],
      poolConfig: { max: Number(BENCHMARK_THREADS), idleTimeoutMillis: 0 },
    }),
  ],
  grafserv: { graphqlPath: "/graphql", watch: false, graphiql: false },
  grafast: {
    context: () => ({
      pgSettings: {
        role: "isthmus_app",
        timezone: "UTC",
        jit: "off",
        "isthmus.party": BENCHMARK_PARTY,
        "isthmus.now": new Date().toISOString(),
      },
    }),
  },
};

if (cluster.isPrimary) {
  for (let n = 0; n < Number(BENCHMARK_PROCESSES); n++) cluster.fork();
  process.on("SIGTERM", () => process.exit(0));
} else {
  const answer = postgraphile(preset).createServ(grafserv).createHandler();
  const server = createServer((asked, told) => (asked.url === "/readyz" ? told.end() : answer(asked, told)));
  server.listen(Number(BENCHMARK_PORT), "127.0.0.1");
}
