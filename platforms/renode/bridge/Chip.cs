// The RP2040's blocks behind Renode's processor: accesses, interrupts, DMA, boot and reset. Time.cs keeps the time.
using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

using Antmicro.Migrant;
using Antmicro.Migrant.Hooks;
using Antmicro.Renode.Core;
using Antmicro.Renode.Exceptions;
using Antmicro.Renode.Logging;
using Antmicro.Renode.Peripherals.Bus;
using Antmicro.Renode.Peripherals.CPU;

using Native = Antmicro.Renode.Peripherals.Miscellaneous.RP2040Native;

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    public class RP2040 : IPeripheral, INumberedGPIOOutput, IDisposable
    {
        public RP2040(IMachine machine, TranslationCPU cpu, IPeripheral nvic = null, TranslationCPU cpu1 = null, IPeripheral nvic1 = null, uint flashSize = 0x200000, uint xoscFrequency = 12000000, string library = "")
        {
            this.machine = machine;
            this.cpu = cpu;
            this.flashSize = flashSize;
            time = new RP2040_Time(machine, cpu, this, OnEvent);
            first = new RP2040_Core(machine, cpu, nvic, 0, this, time, OnSleep, OnDue, OnLockup);
            cores = new[] { first };
            if(cpu1 != null)
            {
                var core = new RP2040_Core(machine, cpu1, nvic1, 1, this, time, OnSleep, OnDue, OnLockup);
                cores = new[] { first, core };
                second = new RP2040_SecondCore(machine, core, time);
            }
            var lines = new Dictionary<int, IGPIO>();
            foreach(var core in cores)
            {
                for(var line = 0; line < IrqLines; line++)
                {
                    lines[(int)core.Index * SecondCoresLines + line] = new GPIO();
                }
            }
            Connections = lines;

            this.library = library;
            this.xoscFrequency = xoscFrequency;
            bus = new RP2040_BusHook(machine, cores, time, this, OnTurn, OnQuantum);
            Make();
            Attach();
            foreach(var core in cores)
            {
                core.Attach(chip);
            }
            bus.Attach(chip);
        }

        private void Attach()
        {
            time.Attach(chip, cores);
            if(second != null)
            {
                second.Attach(chip);
            }
        }

        public void Dispose()
        {
            if(chip != IntPtr.Zero)
            {
                time.Detach();
                bus.Detach();
                foreach(var core in cores)
                {
                    core.Detach();
                }
                Native.rp2040_destroy(chip);
                chip = IntPtr.Zero;
            }
        }

        public void Reset()
        {
            if(resetRequested)
            {
                return; // the chip resets itself, and the blocks that survive keep their state: FinishReset
            }
            FaultText = null;
            LockedUp = false;
            foreach(var core in cores)
            {
                core.Exceptions.Reset();
            }
            if(second != null)
            {
                second.Stop();
            }
            Native.rp2040_reset(chip, started ? time.CurrentCycle() : 0);
            time.Restart();
        }

        /// <summary>
        /// What the boot ROM does: the ROM's content, the second stage in SRAM, and the processor at its start.
        /// To be called after LoadELF, and again after a reset.
        /// </summary>
        public void Boot()
        {
            using(Hold())
            {
                BootHeld();
            }
        }

        /// <summary>Starts the processor at an address, as a debugger or a boot ROM does.</summary>
        public void Start(long pc, long sp)
        {
            RP2040_Range.Check("pc", pc, 0, uint.MaxValue);
            RP2040_Range.Check("sp", sp, 0, uint.MaxValue);
            using(Hold())
            {
                StartHeld((uint)pc, (uint)sp);
            }
        }

        private void StartHeld(uint pc, uint sp)
        {
            StartFirst(pc, sp);
            if(machine.SystemBus.ReadDoubleWord(4) == 0) // programs call it, and core 1 waits in it
            {
                PutRom();
            }
            if(second != null)
            {
                if(secondRan)
                {
                    cores[1].Reset();
                }
                secondRan = true;
                second.Start();
            }
        }

        private void PutRom()
        {
            var rom = new byte[RomSize];
            Marshal.Copy(Native.rp2040_boot_rom(), rom, 0, rom.Length);
            machine.SystemBus.WriteBytes(rom, 0);
        }

        private void StartFirst(uint pc, uint sp)
        {
            time.Calibrate();
            if(!started)
            {
                started = true;
                time.Restart(); // the emulation may have run before this board was added
            }
            SetSysTick(ClockFrequency);
            first.Jump(pc, sp, 0);
        }

        /// <summary>
        /// Stops the processor while another thread, such as the monitor's, uses the chip: the library is for one at a time.
        /// On the processor's own thread there is nothing to stop.
        /// </summary>
        public IDisposable Hold()
        {
            ICPU current;
            return machine.SystemBus.TryGetCurrentCPU(out current) ? null : machine.ObtainPausedState(true);
        }

        /// <summary>
        /// Does something to the chip for others than its processor, who need not wait for it, such as another machine's
        /// UART or GPIO: at once if the processor stands still, else when it next does, without stopping it.
        /// </summary>
        public void Post(Action action)
        {
            if(cpu.OnPossessedThread || machine.IsPaused)
            {
                Synchronise();
                action();
                Synchronise();
                return;
            }
            lock(posted)
            {
                posted.Enqueue(action);
                if(posted.Count > 1)
                {
                    return;
                }
            }
            machine.LocalTimeSource.ExecuteInNearestSyncedState(_ => RunPosted());
        }

        /// <summary>A block of registers tells where it is.</summary>
        public void AddWindow<T>(uint address, T window) where T : IBusPeripheral, IKnownSize
        {
            windows.Add(new KeyValuePair<uint, IKnownSize>(address, window));
            bus.AddWindow(window);
        }

        /// <summary>A host program runs the machine in slices, and says so again after each command that it gave.</summary>
        public void RunsInSlices()
        {
            bus.Sliced = true;
            bus.LookAgain();
        }

        /// <summary>Whether accesses pass by Renode's system bus; see BusHook.cs.</summary>
        public bool NativeAccess { get { return bus.IsNative && !bus.Watched; } }

        // ---- what the windows do -----------------------------------------------------------------------------------

        public uint Read(uint address, uint bytes, IPeripheral window)
        {
            Native.Turn turn;
            var core = Current;
            var status = Native.rp2040_turn_read(chip, core.Index, core.Elapsed(), address, bytes, out turn);
            AfterTurn(status, ref turn, window);
            return turn.Value;
        }

        public void Write(uint address, uint bytes, uint value, IPeripheral window)
        {
            Native.Turn turn;
            var core = Current;
            if(address == FifoWrite && core == first)
            {
                if(second == null)
                {
                    Refuse("SIO.FIFO_WR starts core 1, and this platform has core 0 only: give the chip cpu1 and nvic1", window);
                }
                else
                {
                    second.Wake();
                }
            }
            var status = Native.rp2040_turn_write(chip, core.Index, core.Elapsed(), address, bytes, value, out turn);
            AfterTurn(status, ref turn, window);
        }

        /// <summary>Everything that happens up to now; for those who look from outside.</summary>
        public void Synchronise()
        {
            eventsUntilTick = EventsPerTick;
            var listeners = Tick;
            if(listeners != null)
            {
                listeners();
            }
            Advance();
        }

        /// <summary>Raised after accesses and events: bit per serial port that has bytes to take.</summary>
        public event Action<uint> SerialSent;
        /// <summary>Raised when a watched pin has changed: bit per pin, of those watched.</summary>
        public event Action<uint> PinsMoved;
        /// <summary>Raised now and then, for what need not be done at each access.</summary>
        public event Action Tick;

        /// <summary>Pins whose levels are told by PinsMoved, bit per pin; those not watched cost nothing.</summary>
        public uint WatchedPins
        {
            get { return watchedPins; }
            set
            {
                watchedPins = value;
                pins = ~value; // so that all are told anew
                Native.rp2040_watch_pins(chip, value);
            }
        }

        public bool Check(uint status)
        {
            if(status != Native.Ok)
            {
                throw new RecoverableException(Native.Error(chip));
            }
            return true;
        }

        // ---- Save and Load of the monitor --------------------------------------------------------------------------
        //
        // Renode serializes the bridge's objects; the library's state goes with them as bytes. After a load nothing of the
        // library is there: its chip is made when the first of the bridge's objects asks for it, what hangs on it is
        // attached anew by its own class, and its state is put back last.

        [PreSerialization]
        private void BeforeSave()
        {
            UIntPtr size;
            Check(Native.rp2040_save(chip, null, UIntPtr.Zero, out size));
            state = new byte[(int)size];
            Check(Native.rp2040_save(chip, state, size, out size));
        }

        [PostSerialization]
        private void AfterSave()
        {
            state = null;
        }

        [LatePostDeserialization]
        private void AfterLoad()
        {
            // The processor's library may come after this; when Renode shows the new emulation all is there.
            EmulationManager.Instance.EmulationChanged += Resume;
        }

        private void Resume()
        {
            EmulationManager.Instance.EmulationChanged -= Resume;
            if(Handle == IntPtr.Zero)
            {
                return;
            }
            Attach();
            foreach(var core in cores)
            {
                core.Reattach(chip);
            }
            bus.Reattach(chip);
            LoadFlash();
            Check(Native.rp2040_restore(chip, state, (UIntPtr)state.Length));
            state = null;
            Native.rp2040_watch_pins(chip, watchedPins);
        }

        /// <summary>The library's chip; made anew after a load.</summary>
        public IntPtr Handle
        {
            get
            {
                if(chip == IntPtr.Zero && state != null)
                {
                    Make();
                }
                return chip;
            }
        }
        public long HandleValue { get { return chip.ToInt64(); } }
        public ulong Cycle { get { return Native.rp2040_now(chip); } }
        public ulong CpuCycles { get { return Native.rp2040_cpu_cycles(chip, 0); } }
        public uint ClockFrequency { get { return Native.rp2040_clock_hz(chip, 5); } }

        /// <summary>First access that the chip refused since the last reset, or null.</summary>
        public string FaultText { get; private set; }
        /// <summary>Called on the processor's thread at each refused access.</summary>
        public Action<string> FaultHandler { get; set; }
        /// <summary>The processor has locked up since the last reset: it is halted, and the rest of the chip goes on.</summary>
        public bool LockedUp { get; private set; }
        /// <summary>Called on the processor's thread when it has locked up.</summary>
        public Action LockupHandler { get; set; }

        /// <summary>Nanoseconds, rounded up to what a number of instructions takes.</summary>
        public ulong WholeInstructions(ulong nanoseconds)
        {
            return time.WholeInstructions(nanoseconds);
        }

        /// <summary>Instructions' worth of time by which Renode's clock may lag behind the chip's.</summary>
        public long SkipGranularity
        {
            get { return time.SkipGranularity; }
            set { time.SkipGranularity = value; }
        }

        /// <summary>Microseconds that each core executes before it is the other one's turn; see SecondCore.cs.</summary>
        public long CoreTurn
        {
            get { return second == null ? 0 : second.Turn; }
            set
            {
                if(second == null)
                {
                    throw new RecoverableException("this platform has core 0 only");
                }
                second.Turn = value;
            }
        }

        public IReadOnlyDictionary<int, IGPIO> Connections { get; private set; }

        /// <summary>A run ends so many nanoseconds from now on the chip's clock; 0: there is no end.</summary>
        public void SetLimit(ulong nanoseconds)
        {
            Native.rp2040_limit(chip, nanoseconds == 0 ? Native.Never : Native.rp2040_picoseconds(chip, Cycle) + nanoseconds * 1000);
        }

        private void Make()
        {
            var problem = Native.Load(library);
            if(problem != null)
            {
                throw new ConstructionException(problem);
            }
            host = new Native.Host
            {
                Irq = OnIrq, Read = OnDmaRead, Write = OnDmaWrite,
                Reset = OnResetRequest, SendEvent = OnSendEvent, Clock = OnClock, Hold = OnHold
            };
            making = true;
            chip = Create(xoscFrequency);
            making = false;
            if(chip == IntPtr.Zero)
            {
                throw new ConstructionException(string.Format("flashSize = 0x{0:X} must be a power of two from 64 kB to 16 MB", flashSize));
            }
        }

        /// <summary>Of its own: see Native.Version.</summary>
        [MethodImpl(MethodImplOptions.NoInlining)]
        private IntPtr Create(uint xoscFrequency)
        {
            return Native.rp2040_create(flashSize, xoscFrequency, ref host);
        }

        private void BootHeld()
        {
            PutRom();
            var flash = machine.SystemBus.ReadBytes(FlashBase, (int)flashSize);
            program = new byte[Used(flash)];
            Array.Copy(flash, program, program.Length);
            LoadFlash();
            bus.Prepare((uint)program.Length);
            uint pc, sp;
            Check(Native.rp2040_boot(chip, out pc, out sp));
            StartHeld(pc, sp);
            Synchronise();
        }

        /// <summary>Gives the library's flash what was in Renode's at the boot: a snapshot wants the same.</summary>
        private void LoadFlash()
        {
            if(program != null)
            {
                var flash = new byte[flashSize];
                for(var i = program.Length; i < flash.Length; i++)
                {
                    flash[i] = 0xFF;
                }
                Array.Copy(program, flash, program.Length);
                Check(Native.rp2040_load(chip, (uint)FlashBase, flash, (UIntPtr)flashSize));
            }
        }

        /// <summary>Bytes up to the last one that is not erased.</summary>
        private static uint Used(byte[] flash)
        {
            var used = flash.Length;
            while(used > 0 && flash[used - 1] == 0xFF)
            {
                used--;
            }
            return (uint)used;
        }

        private void AfterTurn(uint status, ref Native.Turn turn, IPeripheral where)
        {
            if(status != Native.Ok)
            {
                Fault(where);
            }
            time.Plan(turn.Due);
            if(turn.Serial != 0)
            {
                var listeners = SerialSent;
                if(listeners != null)
                {
                    listeners(turn.Serial);
                }
            }
            if(turn.Pins != pins)
            {
                pins = turn.Pins;
                var listeners = PinsMoved;
                if(listeners != null)
                {
                    listeners(pins);
                }
            }
        }

        /// <summary>An access that did not pass through a window had a consequence.</summary>
        private void OnTurn(uint status, uint address, ref Native.Turn turn)
        {
            AfterTurn(status, ref turn, status == Native.Ok ? this : WindowAt(address));
        }

        private IPeripheral WindowAt(uint address)
        {
            foreach(var window in windows)
            {
                if(address - window.Key < window.Value.Size)
                {
                    return window.Value;
                }
            }
            return this;
        }

        private void OnEvent()
        {
            if(eventsUntilTick-- == 0)
            {
                Synchronise();
            }
            else
            {
                Advance();
            }
        }

        private void Advance()
        {
            Native.Turn turn;
            ulong until;
            var status = time.Sleeps(out until)
                ? Native.rp2040_turn_idle(chip, first.Elapsed(), until, out turn)
                : Native.rp2040_turn_run(chip, 0, first.Elapsed(), out turn);
            AfterTurn(status, ref turn, this);
        }

        /// <summary>Something is due for the core in front, whose blocks say so: the machine's clock waits for the other.</summary>
        private void OnDue(RP2040_Core core)
        {
            Native.Turn turn;
            var status = Native.rp2040_turn_run(chip, core.Index, core.Elapsed(), out turn);
            AfterTurn(status, ref turn, this);
        }

        private void OnSleep(RP2040_Core core, bool sleeps)
        {
            if(core != first)
            {
                second.OnSleep(sleeps);
            }
            else if(sleeps && time.EventTime == 0)
            {
                OnEvent();
            }
        }

        private void OnQuantum()
        {
            time.Adapt();
            if(second != null)
            {
                second.OnQuantum();
            }
        }

        /// <summary>The core on whose thread this is; core 0 on others'.</summary>
        private RP2040_Core Current { get { return cores.Length > 1 && cores[1].OnThread ? cores[1] : first; } }

        private void RunPosted()
        {
            while(true)
            {
                Action action;
                lock(posted)
                {
                    if(posted.Count == 0)
                    {
                        return;
                    }
                    action = posted.Dequeue();
                }
                Synchronise();
                action();
                Synchronise();
            }
        }

        private void Fault(IPeripheral where)
        {
            Refuse(Native.Error(chip), where);
        }

        private void Refuse(string text, IPeripheral where)
        {
            where.Log(LogLevel.Error, "{0} (PC=0x{1:X8})", text, Current.Cpu.PC.RawValue);
            FaultText = FaultText ?? text;
            var handler = FaultHandler;
            if(handler != null)
            {
                handler(text);
            }
        }

        private void OnLockup(RP2040_Core core)
        {
            LockedUp = true;
            if(core.Exceptions.ProgramEnded())
            {
                this.Log(LogLevel.Info, "The program has ended: its main returned 0");
            }
            else
            {
                this.Log(LogLevel.Error, "Lockup, or a fault in a handler of priority 0: Renode's HardFault is no more urgent. The embedded engine says which (core {0}, PC=0x{1:X8})", core.Index, core.Cpu.PC.RawValue);
            }
            var handler = LockupHandler;
            if(handler != null)
            {
                handler();
            }
        }

        // ---- what the library asks for -----------------------------------------------------------------------------

        private void OnIrq(IntPtr context, uint core, uint line, uint level)
        {
            if(core >= cores.Length)
            {
                return;
            }
            if(line < IrqLines)
            {
                cores[core].Exceptions.Drive(Connections[(int)(core * SecondCoresLines + line)], level != 0);
            }
            else if(level != 0)
            {
                cores[core].Exceptions.PendNmi();
            }
        }

        private uint OnDmaRead(IntPtr context, uint address, uint bytes, out uint value)
        {
            value = 0;
            try
            {
                var bus = machine.SystemBus;
                value = bytes == 4 ? bus.ReadDoubleWord(address) : bytes == 2 ? bus.ReadWord(address) : bus.ReadByte(address);
                return Native.Ok;
            }
            catch(Exception e) // must not pass through the library
            {
                this.Log(LogLevel.Error, "Read of 0x{0:X8} by the chip: {1}", address, e.Message);
                return Native.Invalid;
            }
        }

        private uint OnDmaWrite(IntPtr context, uint address, uint bytes, uint value)
        {
            try
            {
                var bus = machine.SystemBus;
                if(bytes == 4)
                {
                    bus.WriteDoubleWord(address, value);
                }
                else if(bytes == 2)
                {
                    bus.WriteWord(address, (ushort)value);
                }
                else
                {
                    bus.WriteByte(address, (byte)value);
                }
                return Native.Ok;
            }
            catch(Exception e) // must not pass through the library
            {
                this.Log(LogLevel.Error, "Write of 0x{0:X8} by the chip: {1}", address, e.Message);
                return Native.Invalid;
            }
        }

        /// <summary>
        /// Renode resets all peripherals at the end of the quantum. The processor is left to FinishReset: reset by
        /// Renode it would resume before it has a program counter, take one from a guessed vector table and halt.
        /// </summary>
        private void OnResetRequest(IntPtr context, uint reason)
        {
            this.Log(LogLevel.Info, reason == 1 ? "The watchdog resets the chip" : "The chip resets its processors");
            resetRequested = true;
            machine.RequestResetInSafeState(FinishReset, Array.ConvertAll(cores, core => (IPeripheral)core.Cpu));
        }

        private void FinishReset()
        {
            resetRequested = false;
            LockedUp = false;
            using(machine.ObtainPausedState(true))
            {
                first.Reset();
                cpu.IsHalted = false;
                if(second != null)
                {
                    second.Stop();
                }
                Check(Native.rp2040_finish_reset(chip));
                Native.rp2040_cpu_forget(chip);
                BootHeld();
            }
        }

        private void OnSendEvent(IntPtr context)
        {
            // Renode's processors tell each other.
        }

        private void OnClock(IntPtr context, uint hertz)
        {
            if(making)
            {
                return;
            }
            time.SetClock(hertz);
            if(started) // while the platform is being built the NVIC is not in its place
            {
                SetSysTick(hertz);
            }
        }

        private void SetSysTick(uint hertz)
        {
            foreach(var core in cores)
            {
                core.Exceptions.SetSysTick(hertz);
            }
        }

        /// <summary>PSM.FRCE_OFF: one core resets another, which begins anew when all of Renode's threads have met.</summary>
        private void OnHold(IntPtr context, uint index, uint held)
        {
            if(index >= cores.Length)
            {
                return;
            }
            var core = cores[index];
            if(held != 0)
            {
                if(core == first)
                {
                    cpu.IsHalted = true;
                }
                else
                {
                    second.Stop();
                }
                return;
            }
            machine.LocalTimeSource.ExecuteInNearestSyncedState(_ => Restart(core));
        }

        private void Restart(RP2040_Core core)
        {
            core.Reset();
            core.ResetNvic();
            for(var line = 0; line < IrqLines; line++) // levels that its NVIC has forgotten
            {
                var connection = Connections[(int)core.Index * SecondCoresLines + line];
                if(connection.IsSet)
                {
                    connection.Set(false);
                    core.Exceptions.Drive(connection, true);
                }
            }
            if(core == first)
            {
                uint pc, sp;
                Check(Native.rp2040_boot(chip, out pc, out sp));
                StartFirst(pc, sp);
                cpu.IsHalted = false;
            }
            else
            {
                second.Start();
            }
            core.Cpu.Resume();
        }

        [Transient]
        private IntPtr chip;
        [Transient]
        private Native.Host host; // keeps the delegates alive
        private byte[] program; // what flash held at the boot, without what is erased at its end
        private byte[] state; // of the library's, while Renode saves or loads
        private bool resetRequested, started, secondRan;
        [Transient]
        private bool making;
        private uint watchedPins, pins;
        private int eventsUntilTick;
        private readonly Queue<Action> posted = new Queue<Action>();

        private readonly IMachine machine;
        private readonly TranslationCPU cpu;
        private readonly RP2040_Time time;
        private readonly RP2040_BusHook bus;
        private readonly List<KeyValuePair<uint, IKnownSize>> windows = new List<KeyValuePair<uint, IKnownSize>>();
        private readonly RP2040_Core first;
        private readonly RP2040_Core[] cores;
        private readonly RP2040_SecondCore second; // null: the platform has one core
        private readonly uint flashSize, xoscFrequency;
        private readonly string library;

        private const int IrqLines = 26, SecondCoresLines = 32;
        private const int RomSize = 0x4000;
        private const ulong FlashBase = 0x10000000;
        private const uint FifoWrite = 0xD0000054;
        private const int EventsPerTick = 32;
    }
}
