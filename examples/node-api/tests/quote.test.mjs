import assert from "node:assert/strict";
import { test } from "node:test";
import { quote } from "../dist/quote.js";

const cases = [
  {
    name: "no discount below 10",
    basket: [{ sku: "tea", quantity: 9, unitPrice: 250 }],
    want: {
      lines: [{ sku: "tea", quantity: 9, unitPrice: 250, discountPercent: 0, total: 2250 }],
      subtotal: 2250,
      discount: 0,
      total: 2250,
    },
  },
  {
    name: "a split line counts as one",
    basket: [
      { sku: "tea", quantity: 60, unitPrice: 250 },
      { sku: "cup", quantity: 1, unitPrice: 999 },
      { sku: "tea", quantity: 40, unitPrice: 250 },
    ],
    want: {
      lines: [
        { sku: "tea", quantity: 100, unitPrice: 250, discountPercent: 10, total: 22500 },
        { sku: "cup", quantity: 1, unitPrice: 999, discountPercent: 0, total: 999 },
      ],
      subtotal: 25999,
      discount: 2500,
      total: 23499,
    },
  },
  {
    name: "one SKU at two prices stays two lines, and half a cent is rounded",
    basket: [
      { sku: "tea", quantity: 10, unitPrice: 33 },
      { sku: "tea", quantity: 1, unitPrice: 30 },
    ],
    want: {
      lines: [
        { sku: "tea", quantity: 10, unitPrice: 33, discountPercent: 5, total: 313 },
        { sku: "tea", quantity: 1, unitPrice: 30, discountPercent: 0, total: 30 },
      ],
      subtotal: 360,
      discount: 17,
      total: 343,
    },
  },
];

for (const { name, basket, want } of cases) {
  test(name, () => assert.deepEqual(quote(basket), want));
}
