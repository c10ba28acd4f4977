// A button beside a place field that asks the device where it is. The position, rounded to about a
// hundred metres, goes into the field and into the address of the search, and nowhere else.
// data-locate: what the button says; data-locate-refused: what is said when there is no position.

const kDigits = 3;  // of a degree
const kPatience = 10000;  // milliseconds

const offer = (input) => {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button-quiet locate";
  button.textContent = input.dataset.locate;
  const told = document.createElement("p");
  told.className = "small";
  told.setAttribute("role", "status");
  const field = input.closest(".field") ?? input.parentElement;
  field.prepend(button);
  field.append(told);
  button.addEventListener("click", () => {
    button.disabled = true;
    told.textContent = "";
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        input.value = `${coords.latitude.toFixed(kDigits)}, ${coords.longitude.toFixed(kDigits)}`;
        input.form.requestSubmit();
      },
      () => {
        button.disabled = false;
        told.textContent = input.dataset.locateRefused;
        input.focus();
      },
      { maximumAge: 60000, timeout: kPatience });
  });
};

for (const input of document.querySelectorAll("input[data-locate]")) offer(input);
