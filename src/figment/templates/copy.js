"use strict";
// A button beside every command, that copies it as one line each, however the page shows it.
for (const command of document.querySelectorAll("pre")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(command.textContent.trim());
    } catch {  // without leave, or a browser that has no clipboard for files: the words are chosen in its place
      getSelection().selectAllChildren(command);
      document.execCommand("copy");
    }
    button.textContent = "Copied";
    setTimeout(() => button.textContent = "Copy", 2000);
  });
  command.before(button);
}
