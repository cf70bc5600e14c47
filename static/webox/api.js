// JSON over REST with the session cookie.
import { gettext } from "./i18n.js";

// The codes of a session that is over; other refusals have codes of their own.
const SIGNED_OUT = new Set(["not_authenticated", "authentication_failed", "permission_denied"]);

/**
 * The first sentence about each field, by its name; what is said of a member of a field is said of the field.
 */
function fieldsOf(errors) {
  const fields = {};
  for (const { pointer, detail } of errors) fields[pointer.split("/")[1] ?? ""] ??= detail;
  return fields;
}

export class ApiError extends Error {
  /** `body` is what the server said: a problem document (RFC 9457). Status 0 means no connection. */
  constructor(status, body) {
    const { detail = "", code = "" } = body ?? {};
    super(detail);
    Object.assign(this, { status, detail, code });
    this.fields = fieldsOf(body?.errors ?? []);
  }

  get signedOut() {
    return this.status === 401 || (this.status === 403 && SIGNED_OUT.has(this.code));
  }

  /** What to tell the person. */
  get sentence() {
    if (this.status === 0) return gettext("WeBox can’t be reached. Check the connection, then try again.");
    if (this.signedOut) return gettext("Your session has expired. Load this page again to sign in.");
    return this.detail || gettext("Something went wrong. Try again.");
  }
}

const headers = () => ({
  Accept: "application/json",
  "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content,
});

/** The decoded body, or null for an empty one. Throws ApiError. */
export async function api(method, path, body) {
  const sent = headers();
  if (body !== undefined) sent["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: sent,
      credentials: "same-origin",
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new ApiError(0, null);
  }
  const data = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) throw new ApiError(answer.status, data);
  return data;
}

/**
 * Send a file as the form field `file`; the decoded body, or ApiError. `onProgress(share)` hears of each
 * step,
 * and an aborted `signal` ends it. (`fetch` does not tell how much of a file has gone.)
 */
export function upload(path, file, { onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append("file", file);
    request.open("POST", path);
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.responseType = "json";
    request.upload.addEventListener("progress", ({ loaded, total }) =>
      onProgress(total > 0 ? loaded / total : 0),
    );
    request.addEventListener("load", () => {
      if (request.status >= 200 && request.status < 300) resolve(request.response);
      else reject(new ApiError(request.status, request.response));
    });
    request.addEventListener("error", () => reject(new ApiError(0, null)));
    request.addEventListener("abort", () => reject(new ApiError(0, null)));
    signal.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}
