import { ScanBudget, skipValue, skipWhitespace } from './json-scan.js';

/** Guards for JSON that a provider wrote: anything may stand anywhere. */

/** Up to this size a text is parsed whatever stands in it. */
const PARSED_UNSEEN_BYTES = 256 * 1024;
const PARSE_BUDGET_BYTES = 8 * 1024 * 1024;

export type JsonRecord = Readonly<Record<string, unknown>>;

/** The value as an object, neither null nor an array; undefined otherwise. */
export function asRecord(value: unknown): JsonRecord | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as JsonRecord : undefined;
}

export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A string that says something; undefined for '' and for anything else. */
export function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** An error code as text: providers write both `"invalid_api_key"` and `402`. */
export function asCode(value: unknown): string | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : asText(value);
}

/** A count of tokens: a whole number from 0 on; undefined for anything else. */
export function asCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** An amount of money: a finite number from 0 on. */
export function asAmount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** The parsed JSON text; undefined where it is none, or where parsing it would keep the event loop. */
export function parseJson(json: Buffer): unknown {
  if (json.length > PARSED_UNSEEN_BYTES && !isCheap(json)) return undefined;
  try {
    return JSON.parse(json.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Whether so few values stand in the text that it is parsed in some tens of milliseconds: long texts are, millions of small members are not. */
function isCheap(json: Buffer): boolean {
  const budget = new ScanBudget(PARSE_BUDGET_BYTES);
  return budget.spend(json.length) && skipValue(json, skipWhitespace(json, 0), budget) !== -1;
}
