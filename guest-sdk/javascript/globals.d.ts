// The global names that a service on QuickJS has in addition to JavaScript's own. This file is only
// for projects whose `lib` includes neither `DOM` nor `WebWorker`: both declare the same names.

interface Console {
  assert(condition?: boolean, ...values: unknown[]): void;
  clear(): void;
  count(label?: string): void;
  countReset(label?: string): void;
  debug(...values: unknown[]): void;
  dir(value?: unknown): void;
  error(...values: unknown[]): void;
  group(...values: unknown[]): void;
  groupCollapsed(...values: unknown[]): void;
  groupEnd(): void;
  info(...values: unknown[]): void;
  log(...values: unknown[]): void;
  table(value?: unknown): void;
  time(label?: string): void;
  timeEnd(label?: string): void;
  timeLog(label?: string, ...values: unknown[]): void;
  trace(...values: unknown[]): void;
  warn(...values: unknown[]): void;
}
declare var console: Console;

type BufferSource = ArrayBuffer | ArrayBufferView;

interface CryptoKey {
  readonly type: string;
  readonly extractable: boolean;
  readonly usages: string[];
  readonly algorithm: { name: string };
}
declare var CryptoKey: { prototype: CryptoKey; new (): CryptoKey };

/** Digests with SHA-1, SHA-256, SHA-384 and SHA-512, and HMAC with raw and JWK keys. */
interface SubtleCrypto {
  digest(algorithm: string | { name: string }, data: BufferSource): Promise<ArrayBuffer>;
  importKey(
    format: "raw",
    data: BufferSource,
    algorithm: { name: string; hash: string | { name: string } },
    extractable: boolean,
    usages: ("sign" | "verify")[],
  ): Promise<CryptoKey>;
  importKey(
    format: "jwk",
    data: { kty?: string; k?: string },
    algorithm: { name: string; hash: string | { name: string } },
    extractable: boolean,
    usages: ("sign" | "verify")[],
  ): Promise<CryptoKey>;
  sign(
    algorithm: string | { name: string },
    key: CryptoKey,
    data: BufferSource,
  ): Promise<ArrayBuffer>;
  verify(
    algorithm: string | { name: string },
    key: CryptoKey,
    signature: BufferSource,
    data: BufferSource,
  ): Promise<boolean>;
}

interface Crypto {
  readonly subtle: SubtleCrypto;
  getRandomValues<T extends ArrayBufferView>(array: T): T;
  randomUUID(): `${string}-${string}-${string}-${string}-${string}`;
}
declare var crypto: Crypto;

interface Performance {
  now(): number;
  readonly timeOrigin: number;
}
declare var performance: Performance;

interface TextEncoder {
  readonly encoding: string;
  encode(text?: string): Uint8Array<ArrayBuffer>;
  encodeInto(text: string, target: Uint8Array): { read: number; written: number };
}
declare var TextEncoder: { prototype: TextEncoder; new (): TextEncoder };

/** Decodes UTF-8, UTF-16 (both byte orders), and windows-1252 (also named latin1). */
interface TextDecoder {
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  decode(bytes?: BufferSource, options?: { stream?: boolean }): string;
}
declare var TextDecoder: {
  prototype: TextDecoder;
  new (label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean }): TextDecoder;
};

interface URL {
  hash: string;
  host: string;
  hostname: string;
  href: string;
  readonly origin: string;
  password: string;
  pathname: string;
  port: string;
  protocol: string;
  search: string;
  readonly searchParams: URLSearchParams;
  username: string;
  toJSON(): string;
  toString(): string;
}
declare var URL: {
  prototype: URL;
  new (url: string | URL, base?: string | URL): URL;
  canParse(url: string | URL, base?: string | URL): boolean;
  parse(url: string | URL, base?: string | URL): URL | null;
};

interface URLSearchParams extends Iterable<[string, string]> {
  readonly size: number;
  append(name: string, value: string): void;
  delete(name: string, value?: string): void;
  entries(): IterableIterator<[string, string]>;
  forEach(act: (value: string, name: string, all: URLSearchParams) => void): void;
  get(name: string): string | null;
  getAll(name: string): string[];
  has(name: string, value?: string): boolean;
  keys(): IterableIterator<string>;
  set(name: string, value: string): void;
  sort(): void;
  toString(): string;
  values(): IterableIterator<string>;
}
declare var URLSearchParams: {
  prototype: URLSearchParams;
  new (
    init?: Iterable<readonly [string, string]> | Record<string, string> | string,
  ): URLSearchParams;
};

type BodyInit = string | BufferSource | URLSearchParams;
type HeadersInit = Iterable<readonly [string, string]> | Record<string, string>;

/** A body is always complete: there are no streams, and `body` is always null. */
interface Body {
  readonly body: null;
  readonly bodyUsed: boolean;
  arrayBuffer(): Promise<ArrayBuffer>;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  json(): Promise<any>;
  text(): Promise<string>;
}

interface RequestInit {
  body?: BodyInit | null | undefined;
  headers?: HeadersInit | undefined;
  method?: string | undefined;
  redirect?: "error" | "follow" | "manual" | undefined;
  signal?: AbortSignal | null | undefined;
}

interface Request extends Body {
  readonly headers: Headers;
  readonly method: string;
  readonly redirect: "error" | "follow" | "manual";
  readonly signal: AbortSignal | null;
  readonly url: string;
  clone(): Request;
}
declare var Request: {
  prototype: Request;
  new (input: string | URL | Request, init?: RequestInit): Request;
};

interface ResponseInit {
  headers?: HeadersInit | undefined;
  status?: number | undefined;
  statusText?: string | undefined;
}

interface Response extends Body {
  readonly headers: Headers;
  readonly ok: boolean;
  readonly redirected: boolean;
  readonly status: number;
  readonly statusText: string;
  readonly type: "basic" | "default" | "error";
  readonly url: string;
  clone(): Response;
}
declare var Response: {
  prototype: Response;
  new (body?: BodyInit | null, init?: ResponseInit): Response;
  error(): Response;
  json(value: unknown, init?: ResponseInit): Response;
  redirect(url: string | URL, status?: number): Response;
};

/**
 * Sends a request to a server that the host's configuration allows. All waiting requests are sent
 * concurrently as soon as no other code of the call can run. No timer fires until all their
 * responses have arrived.
 *
 * `AbortSignal.timeout` limits the request itself. Any other abort takes effect before the waiting
 * requests are sent, or after all their responses have arrived. At most 20 redirects are followed.
 *
 * The promise of an aborted request is rejected with the signal's reason. If the host returns an
 * error, the promise is rejected with a TypeError whose `cause` is an HttpError of hostel-sdk.
 */
declare function fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;

interface Headers extends Iterable<[string, string]> {
  append(name: string, value: string): void;
  delete(name: string): void;
  entries(): IterableIterator<[string, string]>;
  forEach(act: (value: string, name: string, all: Headers) => void): void;
  get(name: string): string | null;
  getSetCookie(): string[];
  has(name: string): boolean;
  keys(): IterableIterator<string>;
  set(name: string, value: string): void;
  values(): IterableIterator<string>;
}
declare var Headers: {
  prototype: Headers;
  new (init?: HeadersInit): Headers;
};

interface Event {
  readonly bubbles: boolean;
  readonly cancelable: boolean;
  readonly currentTarget: EventTarget | null;
  readonly defaultPrevented: boolean;
  readonly target: EventTarget | null;
  readonly timeStamp: number;
  readonly type: string;
  preventDefault(): void;
  stopImmediatePropagation(): void;
  stopPropagation(): void;
}
declare var Event: {
  prototype: Event;
  new (type: string, options?: { bubbles?: boolean; cancelable?: boolean }): Event;
};

interface CustomEvent<T = any> extends Event {
  readonly detail: T;
}
declare var CustomEvent: {
  prototype: CustomEvent;
  new <T>(type: string, options?: { cancelable?: boolean; detail?: T }): CustomEvent<T>;
};

type EventListener = ((event: Event) => void) | { handleEvent(event: Event): void };

interface EventTarget {
  addEventListener(
    type: string,
    listener: EventListener | null,
    options?: boolean | { once?: boolean; signal?: AbortSignal },
  ): void;
  dispatchEvent(event: Event): boolean;
  removeEventListener(type: string, listener: EventListener | null, options?: unknown): void;
}
declare var EventTarget: { prototype: EventTarget; new (): EventTarget };

interface AbortSignal extends EventTarget {
  readonly aborted: boolean;
  readonly reason: any;
  onabort: ((event: Event) => void) | null;
  throwIfAborted(): void;
}
declare var AbortSignal: {
  prototype: AbortSignal;
  abort(reason?: unknown): AbortSignal;
  any(signals: Iterable<AbortSignal>): AbortSignal;
  timeout(milliseconds: number): AbortSignal;
};

interface AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}
declare var AbortController: { prototype: AbortController; new (): AbortController };

interface DOMException extends Error {
  readonly code: number;
}
declare var DOMException: {
  prototype: DOMException;
  new (message?: string, name?: string): DOMException;
};

declare function atob(text: string): string;
declare function btoa(text: string): string;
declare function clearInterval(timer: number | undefined): void;
declare function clearTimeout(timer: number | undefined): void;
declare function queueMicrotask(job: () => void): void;
declare function setInterval(act: (nothing: void) => void, delay?: number): number;
declare function setInterval<T extends unknown[]>(
  act: (...values: T) => void,
  delay?: number,
  ...values: T
): number;
declare function setTimeout(act: (nothing: void) => void, delay?: number): number;
declare function setTimeout<T extends unknown[]>(
  act: (...values: T) => void,
  delay?: number,
  ...values: T
): number;
declare function structuredClone<T>(value: T, options?: { transfer?: ArrayBuffer[] }): T;
