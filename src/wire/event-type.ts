import type { StreamEvent } from '../domain/dialect.js';
import { topLevelText } from './json-scan.js';

/** How most servers begin their events; the first member is one of the object itself. */
const TYPE_FIRST = /^\{"type":"([\w.-]+)"/;
const NEAR_BYTES = 128;

/**
 * The type of an event whose data says it, too: servers leave `event:` out, or write `event: message`
 * over everything, so its name counts only where it is one of the dialect's.
 */
export function eventType({ type, data }: StreamEvent, isKnown: (type: string) => boolean): string {
  return isKnown(type) ? type : typeMember(data) ?? type;
}

/** The event's own `type`, wherever it stands; those of what is nested in it are others. */
export function typeMember(data: Buffer): string | undefined {
  return TYPE_FIRST.exec(data.toString('latin1', 0, NEAR_BYTES))?.[1] ?? topLevelText(data, 'type');
}
