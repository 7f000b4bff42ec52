import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "../dist/config.js";

test("every variable has a default", () => {
  assert.deepEqual(loadConfig({}), { port: 3000, logLevel: "info", shutdownTimeoutMs: 8000 });
});

test("variables override the defaults", () => {
  const env = { PORT: "8080", LOG_LEVEL: "debug", SHUTDOWN_TIMEOUT_MS: "100" };
  assert.deepEqual(loadConfig(env), { port: 8080, logLevel: "debug", shutdownTimeoutMs: 100 });
});

for (const [name, value] of [
  ["PORT", ""],
  ["PORT", "0"],
  ["PORT", "65536"],
  ["PORT", "80a"],
  ["PORT", "1e3"],
  ["LOG_LEVEL", "loud"],
  ["SHUTDOWN_TIMEOUT_MS", "-1"],
]) {
  test(`${name}="${value}" is refused by name`, () => {
    assert.throws(() => loadConfig({ [name]: value }), new RegExp(`^Error: ${name} must be`));
  });
}

test("all bad variables are named at once", () => {
  assert.throws(() => loadConfig({ PORT: "x", LOG_LEVEL: "y" }), /PORT must be .*; LOG_LEVEL must be /);
});
