/** What the environment can change. */
export interface Config {
  /** TCP port to listen on. */
  port: number;
  logLevel: LogLevel;
  /** How long requests in flight may take to complete after SIGTERM, in milliseconds. */
  shutdownTimeoutMs: number;
}

const logLevels = ["fatal", "error", "warn", "info", "debug", "trace"] as const;
export type LogLevel = (typeof logLevels)[number];

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the configuration from env. Throws one error that names every variable with a bad value. */
export function loadConfig(env: Environment): Config {
  const problems: string[] = [];

  const integer = (name: string, fallback: number, min: number, max: number): number => {
    const text = env[name] ?? String(fallback);
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      problems.push(`${name} must be an integer from ${min} to ${max}, not "${text}"`);
    }
    return value;
  };

  const oneOf = <T extends string>(name: string, fallback: T, allowed: readonly T[]): T => {
    const text = env[name] ?? fallback;
    const value = allowed.find((a) => a === text);
    if (value === undefined) {
      problems.push(`${name} must be one of ${allowed.join(", ")}, not "${text}"`);
    }
    return value ?? fallback;
  };

  const config = {
    port: integer("PORT", 3000, 1, 65535),
    logLevel: oneOf("LOG_LEVEL", "info", logLevels),
    shutdownTimeoutMs: integer("SHUTDOWN_TIMEOUT_MS", 8000, 1, 600_000),
  };
  if (problems.length > 0) {
    throw new Error(problems.join("; "));
  }
  return config;
}
