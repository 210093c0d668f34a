// Copy buttons; everything else works without a script.
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  const before = button.textContent;
  const told = () => {
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = before; }, 1500);
  };
  if (navigator.clipboard) {
    navigator.clipboard.writeText(button.dataset.copy).then(told, () => {});
    return;
  }
  // A page that came without TLS has no clipboard of its own: select the text and copy the selection.
  const range = document.createRange();
  range.selectNodeContents(button.previousElementSibling);
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
  if (document.execCommand("copy")) told();
});
