import groupBy from "lodash/groupBy.js";
import sumBy from "lodash/sumBy.js";

/** A line of a basket. Money is in cents, so that sums are exact. */
export interface Line {
  sku: string;
  quantity: number;
  unitPrice: number;
}

/** All lines of one SKU at one price, with the discount for its quantity. */
export interface QuotedLine extends Line {
  discountPercent: number;
  total: number;
}

export interface Quote {
  lines: QuotedLine[];
  subtotal: number;
  discount: number;
  total: number;
}

const discounts = [
  { from: 100, percent: 10 },
  { from: 10, percent: 5 },
];

/** Prices a basket. The discount counts the whole quantity of a line, however the basket splits it. */
export function quote(basket: readonly Line[]): Quote {
  const groups = Object.values(groupBy(basket, (line) => JSON.stringify([line.sku, line.unitPrice])));
  const lines = groups.flatMap((group) => {
    const [first] = group;
    return first ? [quoteLine({ ...first, quantity: sumBy(group, "quantity") })] : [];
  });
  const subtotal = sumBy(lines, (line) => line.quantity * line.unitPrice);
  const total = sumBy(lines, "total");
  return { lines, subtotal, discount: subtotal - total, total };
}

function quoteLine(line: Line): QuotedLine {
  const discountPercent = discounts.find((d) => line.quantity >= d.from)?.percent ?? 0;
  const full = line.quantity * line.unitPrice;
  return { ...line, discountPercent, total: full - Math.round((full * discountPercent) / 100) };
}
