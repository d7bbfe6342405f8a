// What whatwg-url asks of its package for encodings, of which a URL in a service has one: UTF-8.

/** The text with what the set holds, and what is no ASCII, as percent and two digits. */
export function percentEncodeAfterEncoding(_encoding, text, encodedCharacters) {
  const isKept = (byte) =>
    byte > 0x20 && byte < 0x7f && !encodedCharacters.includes(String.fromCharCode(byte));
  const bytes = new TextEncoder().encode(text);
  let encoded = "";
  for (const byte of bytes) {
    encoded += isKept(byte)
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}
