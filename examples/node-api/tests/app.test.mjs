import assert from "node:assert/strict";
import { test } from "node:test";
import { buildApp } from "../dist/app.js";

const app = buildApp("silent");

test("the service is alive", async () => {
  const response = await app.inject("/health/live");
  assert.equal(response.statusCode, 200);
  assert.deepEqual(response.json(), { status: "ok" });
});

test("a basket is priced", async () => {
  const payload = { lines: [{ sku: "tea", quantity: 10, unitPrice: 100 }] };
  const response = await app.inject({ method: "POST", url: "/v1/quotes", payload });
  assert.equal(response.statusCode, 200);
  assert.equal(response.json().total, 950);
});

for (const [name, payload] of [
  ["no lines", {}],
  ["an empty basket", { lines: [] }],
  ["a quantity of 0", { lines: [{ sku: "tea", quantity: 0, unitPrice: 1 }] }],
  ["part of a cent", { lines: [{ sku: "tea", quantity: 1, unitPrice: 0.5 }] }],
  ["no price", { lines: [{ sku: "tea", quantity: 1 }] }],
]) {
  test(`${name} is a bad request`, async () => {
    const response = await app.inject({ method: "POST", url: "/v1/quotes", payload });
    assert.equal(response.statusCode, 400);
  });
}
