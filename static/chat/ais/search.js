// Looks for models of one provider while somebody types.
import { ApiError, api } from "../../webox/api.js";

const PAUSE_MS = 250;
const SHOWN = 50;

export class ModelSearch {
  #timer = null;
  #asked = "";

  /** `onFound(models, text)` gets what the server found last; `onError(error)` an ApiError. */
  constructor(address, onFound, onError = () => {}) {
    Object.assign(this, { address, onFound, onError });
  }

  look(text) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(text.trim()), PAUSE_MS);
  }

  async #ask(text) {
    this.#asked = text;
    try {
      const models = await api(
        "GET",
        `${this.address}/models?limit=${SHOWN}&search=${encodeURIComponent(text)}`,
      );
      // An older question may be answered later.
      if (this.#asked === text) this.onFound(models, text);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.onError(error);
    }
  }
}
