/** The media type in lower case, without its parameters. */
export function mediaType(contentType: string): string {
  const end = contentType.indexOf(';');
  return (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}

export function isEventStream(contentType: string): boolean {
  return mediaType(contentType) === 'text/event-stream';
}

/**
 * Whether a body of this type may be one JSON document. Types that say nothing (absent, plain text)
 * are tried; audio, images and anything else binary are not kept.
 */
export function mayBeJson(contentType: string): boolean {
  const type = mediaType(contentType);
  return type === '' || type === 'application/json' || type === 'text/json' || type === 'text/plain' || type.endsWith('+json');
}
