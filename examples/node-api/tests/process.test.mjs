// The service as the container runs it: a process, its environment, its log, its signals.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { test } from "node:test";

const limit = { timeout: 30_000 };

async function freePort() {
  const server = createServer().listen(0);
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return String(port);
}

/** Starts a script of dist and collects its log; `logged` resolves with the first line that has this message. */
function start(script, env) {
  const child = spawn(process.execPath, [`dist/${script}`], { env: { PATH: process.env.PATH, ...env } });
  const exited = once(child, "exit");
  const output = createInterface({ input: child.stdout });
  const lines = [];
  const waiting = [];
  output.on("line", (line) => {
    const entry = JSON.parse(line);
    lines.push(entry);
    for (const { message, resolve } of waiting) {
      if (message.test(entry.msg)) resolve(entry);
    }
  });
  const logged = (message) =>
    new Promise((resolve, reject) => {
      const seen = lines.find((entry) => message.test(entry.msg));
      if (seen) resolve(seen);
      waiting.push({ message, resolve });
      output.once("close", () => reject(new Error(`ended without logging ${message}`)));
    });
  return { child, exited, lines, logged };
}

test("a request in flight completes after SIGTERM, then the process exits 0", limit, async (t) => {
  const port = await freePort();
  const service = start("main.js", { PORT: port });
  t.after(() => service.child.kill("SIGKILL"));
  await service.logged(/listening/);

  const body = JSON.stringify({ lines: [{ sku: "tea", quantity: 2, unitPrice: 50 }] });
  const headers = {
    "content-type": "application/json",
    "content-length": body.length,
    connection: "keep-alive",
    expect: "100-continue",
  };
  const inFlight = request({ host: "127.0.0.1", port, path: "/v1/quotes", method: "POST", headers });
  inFlight.flushHeaders();
  await once(inFlight, "continue"); // the service has the request and waits for its body

  service.child.kill("SIGTERM");
  await service.logged(/shutting down/);
  inFlight.end(body);
  const [response] = await once(inFlight, "response");
  assert.equal(response.statusCode, 200);
  assert.equal(response.headers.connection, "close");
  const chunks = await response.toArray();
  assert.equal(JSON.parse(Buffer.concat(chunks)).total, 100);

  assert.deepEqual(await service.exited, [0, null]);
  for (const entry of service.lines) {
    assert.equal(typeof entry.level, "string");
    assert.ok(!Number.isNaN(Date.parse(entry.time)));
  }
});

test("a request that never completes does not hold up the shutdown", limit, async (t) => {
  const port = await freePort();
  const service = start("main.js", { PORT: port, SHUTDOWN_TIMEOUT_MS: "1" });
  t.after(() => service.child.kill("SIGKILL"));
  await service.logged(/listening/);

  const stuck = request({
    host: "127.0.0.1",
    port,
    path: "/v1/quotes",
    method: "POST",
    headers: { "content-type": "application/json", "content-length": 100, expect: "100-continue" },
  });
  stuck.on("error", () => {});
  stuck.flushHeaders();
  await once(stuck, "continue");

  service.child.kill("SIGTERM");
  assert.deepEqual(await service.exited, [1, null]);
});

test("a bad variable ends the process at once, named in the log", limit, async () => {
  const service = start("main.js", { PORT: "http" });
  const entry = await service.logged(/invalid configuration/);
  assert.equal(entry.level, "fatal");
  assert.match(JSON.stringify(entry), /PORT must be an integer/);
  assert.deepEqual(await service.exited, [1, null]);
});

test("the healthcheck follows the service", limit, async (t) => {
  const port = await freePort();
  const healthcheck = () => start("healthcheck.js", { PORT: port }).exited;
  assert.deepEqual(await healthcheck(), [1, null]);

  const service = start("main.js", { PORT: port });
  t.after(() => service.child.kill("SIGKILL"));
  await service.logged(/listening/);
  assert.deepEqual(await healthcheck(), [0, null]);
});
