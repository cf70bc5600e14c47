// Stands in for static/chat/thread/flusher.js in bench.browser: each piece of text is shown as it comes.
export class Flusher {
  constructor() {
    this.flushes = 0;
    this.onFlushed = () => {};
  }

  add(view) {
    this.flushes += 1;
    view.flush();
    view.follow();
    this.onFlushed();
  }
}
