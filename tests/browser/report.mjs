// Counts what passed, and says at once what did not.
let passed = 0;
let failed = 0;

export const check = (name, faults) => {
  if (faults.length === 0) {
    passed += 1;
    return;
  }
  failed += 1;
  console.log(`FAIL ${name}`);
  for (const fault of faults.slice(0, 12)) console.log(`     ${fault}`);
  if (faults.length > 12) console.log(`     and ${faults.length - 12} more`);
};

// A case that throws has failed; the next ones still run.
export const attempt = async (name, work) => {
  try {
    check(name, (await work()) ?? []);
  } catch (error) {
    check(name, [String(error.message ?? error).split("\n").slice(0, 6).join(" | ")]);
  }
};

export const finish = () => {
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
};
