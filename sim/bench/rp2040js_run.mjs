// Runs a flash image on rp2040js (npm), an RP2040 emulator that we did not write, and prints what UART0 sends.
//
// Usage: node rp2040js_run.mjs JOB.json      with { image, bits, clock_pin, data_pin, data_edge, seconds,
// sleep_cycles, modules }
//
// Stock rp2040js runs PIO on a host timer and ignores CLKDIV, so it cannot clock a PDM microphone. Here each state
// machine is stepped with the CPU's cycles, honouring its divider and delays; nothing else is changed. The image
// starts at its vector table (rp2040js carries no boot ROM and models no flash commands, so boot2 cannot run).
// The microphone replays `bits` (oldest in bit 0 of byte 0): the first at once, the next after each `data_edge`.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const FLASH = 0x10000000;
const VECTORS = FLASH + 0x100;
const NANOSECONDS_PER_CYCLE = 8; // 125 MHz

const job = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const resolve = createRequire(`${job.modules}/package.json`).resolve;
const { RP2040, LogLevel, ConsoleLogger } = await import(pathToFileURL(resolve('rp2040js')));

const chip = new RP2040();
const clock = chip.clock;
chip.logger = new ConsoleLogger(LogLevel.Error, true);
chip.flash.set(readFileSync(job.image));
const start = new DataView(chip.flash.buffer);
chip.core.VTOR = VECTORS;
chip.core.SP = start.getUint32(0x100, true);
chip.core.PC = start.getUint32(0x104, true) & ~1;

const output = [];
chip.uart[0].onByte = (byte) => output.push(byte);

const bits = readFileSync(job.bits);
const bit = (index) => ((bits[index >> 3] >> (index & 7)) & 1) === 1;
let next = 1; // the first bit is there before the clock's first edge
const clockPin = chip.gpio[job.clock_pin];
const dataPin = chip.gpio[job.data_pin];
let clockLevel = false;
dataPin.setInputValue(bit(0));
function microphone() {
    const level = clockPin.outputValue;
    if (level === clockLevel) return;
    clockLevel = level;
    if (level === (job.data_edge === 'rising')) {
        dataPin.setInputValue(bit(next));
        next++;
    }
}

// PIO in step with the CPU: `phase` counts 256ths of a cycle towards the machine's next clock.
for (const pio of chip.pio) pio.run = () => {};
const machines = chip.pio.flatMap((pio) => pio.machines);
const phase = new Map(machines.map((machine) => [machine, 0]));
const delay = new Map(machines.map((machine) => [machine, 0]));
function stepPio(cycles) {
    for (const machine of machines) {
        if (!machine.enabled) continue;
        const period = (machine.clockDivInt || 65536) * 256 + machine.clockDivFrac;
        let due = phase.get(machine) + cycles * 256;
        while (due >= period) {
            due -= period;
            const waiting = delay.get(machine);
            if (waiting > 0) {
                delay.set(machine, waiting - 1);
                continue;
            }
            const before = machine.cycles;
            machine.step();
            delay.set(machine, Math.max(0, machine.cycles - before - 1));
            microphone();
        }
        phase.set(machine, due);
    }
}

const began = process.hrtime.bigint();
const end = job.seconds * 125e6;
let now = 0;
while (now < end && next < bits.length * 8) {
    let cycles = 1;
    if (chip.core.waiting) {
        // Asleep: a single cycle at a time is exact; a few, short of a PIO period, lose nothing that UART shows.
        cycles = job.sleep_cycles;
        if (chip.core.checkForInterrupts()) chip.core.waiting = false;
    } else {
        cycles = chip.core.executeInstruction();
    }
    now += cycles;
    clock.tick(cycles * NANOSECONDS_PER_CYCLE);
    stepPio(cycles);
}
const seconds = Number(process.hrtime.bigint() - began) / 1e9;
process.stdout.write(
    JSON.stringify({ uart: Buffer.from(output).toString('latin1'), cycles: now, bits: next, host_seconds: seconds }),
);
