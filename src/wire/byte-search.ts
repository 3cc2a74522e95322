/** The bytes of a member's name with its quotes, to be searched for in events before they are parsed. */
export function needle(name: string): Buffer {
  return Buffer.from(`"${name}"`);
}

/**
 * Whether a member of that name with a value other than `null` may be in the JSON text: false only
 * where there is none. Inside of strings the quotes are escaped, so that prompts and answers that
 * speak of "usage" do not match.
 */
export function holdsValue(json: Buffer, name: Buffer): boolean {
  for (let at = json.indexOf(name); at !== -1; at = json.indexOf(name, at + name.length)) {
    let pos = at + name.length;
    let byte = json[pos];
    while (byte !== undefined && (byte <= 0x20 || byte === 0x3a)) byte = json[++pos];
    if (byte !== 0x6e) return true; // not the `n` of null
  }
  return false;
}
