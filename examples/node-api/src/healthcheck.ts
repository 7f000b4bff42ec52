// Exits 0 if the service on this machine answers that it is alive, else 1.
const port = process.env["PORT"] ?? "3000";
try {
  const response = await fetch(`http://127.0.0.1:${port}/health/live`, { signal: AbortSignal.timeout(2000) });
  if (!response.ok) {
    throw new Error(`status ${response.status}`);
  }
} catch (error) {
  console.error("not alive:", error);
  process.exit(1);
}
