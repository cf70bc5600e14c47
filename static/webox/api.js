// JSON over REST with the session cookie.
export class ApiError extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }

  get signedOut() {
    return this.status === 401 || this.status === 403;
  }
}

const token = () => document.querySelector('meta[name="csrf-token"]').content;

/** The decoded body, or null for an empty one. Throws ApiError; status 0 means no connection. */
export async function api(method, path, body) {
  const headers = { Accept: "application/json", "X-CSRFToken": token() };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new ApiError(0, "");
  }
  const data = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) throw new ApiError(answer.status, data?.detail ?? "");
  return data;
}
