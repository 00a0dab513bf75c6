// Read from a disk (file://) a browser starts no workers, and the search needs one: it runs in a hidden frame instead.
// The theme's offline plugin would fetch such a script from a CDN; this one is our own. Its name tells the plugin.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      this.waiting = [];
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      this.frame.tell = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      this.frame.ready = () => {
        const messages = this.waiting;
        this.waiting = null;
        messages.forEach((data) => this.postMessage(data));
      };
      document.body.appendChild(this.frame);
      const inside = this.frame.contentDocument;
      inside.open();
      inside.write(
        "<!doctype html><body><script>window.postMessage = frameElement.tell</" + "script>" +
          `<script src="${url}" onload="frameElement.ready()"></` + "script>"
      );
      inside.close();
    }
    postMessage(data) {
      if (this.waiting) this.waiting.push(data);
      else this.frame.contentWindow.dispatchEvent(new MessageEvent("message", { data }));
    }
    terminate() {
      this.frame.remove();
    }
  };
}
