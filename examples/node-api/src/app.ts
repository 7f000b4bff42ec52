import { fastify, type FastifyInstance } from "fastify";
import type { LogLevel } from "./config.js";
import { quote, type Line } from "./quote.js";

const quoteSchema = {
  body: {
    type: "object",
    required: ["lines"],
    additionalProperties: false,
    properties: {
      lines: {
        type: "array",
        minItems: 1,
        maxItems: 1000,
        items: {
          type: "object",
          required: ["sku", "quantity", "unitPrice"],
          additionalProperties: false,
          properties: {
            sku: { type: "string", minLength: 1, maxLength: 64 },
            quantity: { type: "integer", minimum: 1, maximum: 10_000 },
            unitPrice: { type: "integer", minimum: 0, maximum: 100_000_000 },
          },
        },
      },
    },
  },
};

/** Returns the service, not yet listening. It logs to stdout, one JSON object a line. */
export function buildApp(logLevel: LogLevel | "silent"): FastifyInstance {
  const app = fastify({
    logger: {
      level: logLevel,
      formatters: { level: (label) => ({ level: label }) },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
    },
    requestTimeout: 30_000,
    // A request that arrives while the service drains is answered, not turned away.
    return503OnClosing: false,
  });

  // Ends kept-alive connections with their last response: each would hold up the shutdown.
  let closing = false;
  app.addHook("preClose", async () => {
    closing = true;
  });
  app.addHook("onSend", async (_request, reply) => {
    if (closing) {
      reply.header("connection", "close");
    }
  });

  app.get("/health/live", { logLevel: "warn" }, async () => ({ status: "ok" }));
  app.post<{ Body: { lines: Line[] } }>("/v1/quotes", { schema: quoteSchema }, async (request) =>
    quote(request.body.lines),
  );
  return app;
}
