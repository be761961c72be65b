// The RP2040's blocks behind Renode's processor: puts the bridge's parts together, and is what the platform and the monitor see
// of them.
using System;
using System.Collections.Generic;

using Antmicro.Migrant;
using Antmicro.Migrant.Hooks;
using Antmicro.Renode.Core;
using Antmicro.Renode.Exceptions;
using Antmicro.Renode.Peripherals.Bus;
using Antmicro.Renode.Peripherals.CPU;

using Native = Antmicro.Renode.Peripherals.Miscellaneous.RP2040Native;

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    public class RP2040 : IPeripheral, INumberedGPIOOutput, IDisposable
    {
        public RP2040(IMachine machine, TranslationCPU cpu, IPeripheral nvic = null, TranslationCPU cpu1 = null, IPeripheral nvic1 = null, uint flashSize = 0x200000, uint xoscFrequency = 12000000, string library = "")
        {
            this.flashSize = flashSize;
            this.xoscFrequency = xoscFrequency;
            this.library = library;
            Quantum = new RP2040_Quantum(machine);
            faults = new RP2040_Faults(this);
            accesses = new RP2040_Accesses(this, faults);
            visitors = new RP2040_Visitors(machine, cpu, Synchronise);
            time = new RP2040_Time(machine, cpu, this, accesses.OnEvent);
            var first = new RP2040_Core(machine, cpu, nvic, 0, this, time, accesses.OnSleep, accesses.OnDue, faults.OnLockup);
            cores = new[] { first };
            var systicks = new[] { new RP2040_SysTick(machine, nvic, first, accesses) };
            if(cpu1 != null)
            {
                var core = new RP2040_Core(machine, cpu1, nvic1, 1, this, time, accesses.OnSleep, accesses.OnDue, faults.OnLockup);
                cores = new[] { first, core };
                systicks = new[] { systicks[0], new RP2040_SysTick(machine, nvic1, core, accesses) };
                second = new RP2040_SecondCore(machine, first, core, time, Quantum);
            }
            accesses.Use(time, cores, second);
            var lines = new Dictionary<int, IGPIO>();
            foreach(var core in cores)
            {
                for(var line = 0; line < RP2040_Power.IrqLines; line++)
                {
                    lines[RP2040_Power.Line(core.Index, line)] = new GPIO();
                }
            }
            Connections = lines;

            bus = new RP2040_BusHook(machine, cores, time, this, accesses.OnTurn, OnQuantum);
            power = new RP2040_Power(machine, this, flashSize, lines, cores, systicks, second, time, bus, accesses, faults);
            host = new RP2040_Host(machine, this, power);
            Make();
            Attach();
            foreach(var core in cores)
            {
                core.Attach(chip);
            }
            bus.Attach(chip);
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
                Take(IntPtr.Zero);
            }
        }

        public void Reset()
        {
            power.Reset();
        }

        /// <summary>
        /// What the boot ROM does: the ROM's content, the second stage in SRAM, and the processor at its start.
        /// To be called after LoadELF, and again after a reset.
        /// </summary>
        public void Boot()
        {
            using(Hold())
            {
                power.Boot();
            }
        }

        /// <summary>Starts the processor at an address, as a debugger or a boot ROM does.</summary>
        public void Start(long pc, long sp)
        {
            RP2040_Range.Check("pc", pc, 0, uint.MaxValue);
            RP2040_Range.Check("sp", sp, 0, uint.MaxValue);
            using(Hold())
            {
                power.Start((uint)pc, (uint)sp);
            }
        }

        /// <summary>
        /// Stops the processor while another thread, such as the monitor's, uses the chip: the library is for one at a time.
        /// On the processor's own thread there is nothing to stop.
        /// </summary>
        public IDisposable Hold()
        {
            return visitors.Hold();
        }

        /// <summary>
        /// Does something to the chip for others than its processor, who need not wait for it, such as another machine's
        /// UART or GPIO: at once if the processor stands still, else when it next does, without stopping it.
        /// </summary>
        public void Post(Action action)
        {
            visitors.Post(action);
        }

        /// <summary>A block of registers tells where it is.</summary>
        public void AddWindow<T>(uint address, T window) where T : IBusPeripheral, IKnownSize
        {
            accesses.AddWindow(address, window);
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
            return accesses.Read(address, bytes, window);
        }

        public void Write(uint address, uint bytes, uint value, IPeripheral window)
        {
            accesses.Write(address, bytes, value, window);
        }

        /// <summary>Everything that happens up to now; for those who look from outside.</summary>
        public void Synchronise()
        {
            accesses.Synchronise();
        }

        /// <summary>Raised after accesses and events: bit per serial port that has bytes to take.</summary>
        public event Action<uint> SerialSent
        {
            add { accesses.SerialSent += value; }
            remove { accesses.SerialSent -= value; }
        }

        /// <summary>Raised when a watched pin has changed: bit per pin, of those watched.</summary>
        public event Action<uint> PinsMoved
        {
            add { accesses.PinsMoved += value; }
            remove { accesses.PinsMoved -= value; }
        }

        /// <summary>Raised now and then, for what need not be done at each access.</summary>
        public event Action Tick
        {
            add { accesses.Tick += value; }
            remove { accesses.Tick -= value; }
        }

        /// <summary>Pins whose levels are told by PinsMoved, bit per pin; those not watched cost nothing.</summary>
        public uint WatchedPins
        {
            get { return accesses.WatchedPins; }
            set { accesses.WatchedPins = value; }
        }

        public bool Check(uint status)
        {
            return RP2040_Faults.Check(chip, status);
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
            power.LoadFlash();
            Check(Native.rp2040_restore(chip, state, (UIntPtr)state.Length));
            state = null;
            Native.rp2040_watch_pins(chip, WatchedPins);
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
        /// <summary>How often Renode has reset the board, as it also does for AIRCR.SYSRESETREQ.</summary>
        public uint BoardResets { get { return power.BoardResets; } }
        public long HandleValue { get { return chip.ToInt64(); } }
        public ulong Cycle { get { return Native.rp2040_now(chip); } }
        public ulong CpuCycles { get { using(Hold()) { return Native.rp2040_cpu_cycles(chip, 0); } } }
        public uint ClockFrequency { get { return Native.rp2040_clock_hz(chip, 5); } }

        /// <summary>First access that the chip refused since the last reset, or null.</summary>
        public string FaultText { get { return faults.Text; } }
        /// <summary>Called on the processor's thread at each refused access.</summary>
        public Action<string> FaultHandler
        {
            get { return faults.Handler; }
            set { faults.Handler = value; }
        }
        /// <summary>The processor has locked up since the last reset: it is halted, and the rest of the chip goes on.</summary>
        public bool LockedUp { get { return faults.LockedUp; } }
        /// <summary>Called on the processor's thread when it has locked up.</summary>
        public Action LockupHandler
        {
            get { return faults.LockupHandler; }
            set { faults.LockupHandler = value; }
        }

        /// <summary>
        /// A core's cycle at the end of a block. The chip is left at its last event: were it brought here, what is due would come
        /// earlier than without the look.
        /// </summary>
        public ulong PresentCycle(int core)
        {
            return Native.rp2040_cycle_of_host(chip, (uint)core, Native.AsBefore);
        }

        /// <summary>Whether the processors' libraries lend what the library needs to see calls and returns.</summary>
        public bool SeesCalls { get { return Array.TrueForAll(cores, core => core.CanStop); } }

        /// <summary>
        /// Addresses at which calls or returns are awaited, instead of those before, and who is told on the processor's thread,
        /// with the core; false: the processor's library has no way.
        /// </summary>
        public bool AwaitCalls(uint[] addresses, Action<int, uint> handler)
        {
            if(!SeesCalls)
            {
                return false;
            }
            foreach(var core in cores)
            {
                core.StopHandler = (at, address) => handler((int)at.Index, address);
            }
            return Check(Native.rp2040_stops(chip, addresses, (uint)addresses.Length));
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
        public RP2040_Quantum Quantum { get; private set; }

        /// <summary>
        /// A run ends so many nanoseconds from now on the chip's clock. Returns how far that is on Renode's, in nanoseconds: farther,
        /// when Renode has yet to skip what it owed at the end of the run before.
        /// </summary>
        public ulong SetLimit(ulong nanoseconds)
        {
            var limit = Native.rp2040_picoseconds(chip, Cycle) + nanoseconds * 1000;
            Native.rp2040_limit(chip, limit);
            return Math.Max(time.WholeInstructions(nanoseconds), time.Until(limit));
        }

        /// <summary>Nothing runs any more, or to no end.</summary>
        public void ClearLimit()
        {
            Native.rp2040_limit(chip, Native.Never);
        }

        private void Make()
        {
            Take(host.Create(flashSize, xoscFrequency, library));
        }

        private void Take(IntPtr handle)
        {
            chip = handle;
            accesses.Attach(handle);
            power.Attach(handle);
        }

        private void Attach()
        {
            time.Attach(chip, cores);
            if(second != null)
            {
                second.Attach(chip);
            }
        }

        private void OnQuantum()
        {
            time.Adapt();
            Quantum.Watch = power.WatchdogIsNear(2 * Quantum.Own) ? ShortQuantum : 0;
            if(second != null)
            {
                second.OnQuantum();
            }
        }

        [Transient]
        private IntPtr chip;
        private byte[] state; // of the library's, while Renode saves or loads

        private readonly RP2040_Faults faults;
        private readonly RP2040_Accesses accesses;
        private readonly RP2040_Visitors visitors;
        private readonly RP2040_Time time;
        private readonly RP2040_Core[] cores;
        private readonly RP2040_SecondCore second; // null: the platform has one core
        private readonly RP2040_BusHook bus;
        private readonly RP2040_Power power;
        private readonly RP2040_Host host;
        private readonly uint flashSize, xoscFrequency;
        private readonly string library;

        private const ulong ShortQuantum = 1000; // microseconds
    }
}
