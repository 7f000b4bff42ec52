import { buildApp } from "./app.js";
import { loadConfig, type Config } from "./config.js";

let config: Config;
try {
  config = loadConfig(process.env);
} catch (error) {
  buildApp("info").log.fatal(error, "invalid configuration");
  process.exit(1);
}

const app = buildApp(config.logLevel);

async function shutDown(signal: NodeJS.Signals): Promise<void> {
  app.log.info({ signal }, "shutting down");
  setTimeout(() => {
    app.log.error({ shutdownTimeoutMs: config.shutdownTimeoutMs }, "requests in flight did not complete in time");
    process.exit(1);
  }, config.shutdownTimeoutMs).unref();
  await app.close();
  app.log.info("shut down");
}

process.once("SIGTERM", shutDown);
process.once("SIGINT", shutDown);

try {
  await app.listen({ host: "0.0.0.0", port: config.port });
} catch (error) {
  app.log.fatal(error, "cannot listen");
  process.exit(1);
}
