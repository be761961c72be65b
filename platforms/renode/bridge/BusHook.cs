// How the processor's accesses reach librp2040 without passing through managed code.
//
// Renode's processor library calls a function for each access to what is no memory. Renode's own are managed, look the
// address up on the system bus and take microseconds; the library exports the setters of these functions, so native ones of
// librp2040 take their place and hand on what is not the chip's. Managed code is entered only for the consequences that
// somebody waits for. The same functions hear of loads of data from flash, which then pay what the XIP cache makes of them.
//
// Who watches accesses sees none that pass by Renode's system bus: while a log, a watchpoint or a profiler wants them,
// registers take the long way.
using System;
using System.Collections;
using System.Collections.Generic;
using System.Reflection;
using System.Runtime.InteropServices;

using Antmicro.Migrant;
using Antmicro.Renode.Core;
using Antmicro.Renode.Logging;
using Antmicro.Renode.Peripherals;
using Antmicro.Renode.Peripherals.Bus;
using Antmicro.Renode.Peripherals.CPU;
using Antmicro.Renode.Time;
using Antmicro.Renode.Utilities;

using Native = Antmicro.Renode.Peripherals.Miscellaneous.RP2040Native;

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    public class RP2040_BusHook
    {
        /// <summary>
        /// Before an access each core is asked to read its clock when that may have moved; `onTurn` is called after one of
        /// consequence, on the processor's thread, `onQuantum` when all of Renode's threads have met.
        /// </summary>
        public RP2040_BusHook(IMachine machine, RP2040_Core[] cores, RP2040_Time time, IPeripheral owner, TurnHandler onTurn, Action onQuantum)
        {
            this.machine = machine;
            this.cores = cores;
            this.time = time;
            this.owner = owner;
            this.onTurn = onTurn;
            this.onQuantum = onQuantum;
        }

        public delegate void TurnHandler(uint status, uint address, ref Native.Turn turn);

        public void Attach(IntPtr handle)
        {
            chip = handle;
            try
            {
                IsNative = Array.TrueForAll(cores, Take);
            }
            catch(Exception e) // whatever else this Renode is: its own way is there
            {
                owner.Log(LogLevel.Debug, "Accesses pass through the system bus: {0}", e.Message);
            }
            machine.LocalTimeSource.SyncHook += OnQuantum;
        }

        /// <summary>After a load: the processor's library is a new copy, and so are the memories.</summary>
        public void Reattach(IntPtr handle)
        {
            machine.LocalTimeSource.SyncHook -= OnQuantum;
            wrappers = new List<KeyValuePair<Type, Type>>();
            hosts = new Native.BusHost[2];
            var used = flashEnd;
            flashEnd = romEnd = 0;
            Attach(handle);
            Prepare(used);
        }

        public void Detach()
        {
            chip = IntPtr.Zero;
            machine.LocalTimeSource.SyncHook -= OnQuantum;
        }

        /// <summary>Whether the native functions are in place.</summary>
        public bool IsNative { get; private set; }

        /// <summary>Whether registers take the long way because somebody watches them.</summary>
        public bool Watched { get; private set; }

        /// <summary>A host program runs the machine in slices, and calls `LookAgain` after commands.</summary>
        public bool Sliced { get; set; }

        /// <summary>Somebody may have begun or ceased to watch accesses.</summary>
        public void LookAgain()
        {
            looks = 0;
        }

        /// <summary>A block of registers, for logs of it are looked for.</summary>
        public void AddWindow(IBusPeripheral window)
        {
            windows.Add(window);
        }

        /// <summary>
        /// A program has been loaded: `flashUsed` bytes of flash hold something. Renode's library tells of loads from pages that it
        /// was told of, and takes so many of them.
        /// </summary>
        public void Prepare(uint flashUsed)
        {
            Lend(Flash);
            Lend(Sram);
            if(!IsNative)
            {
                return;
            }
            for(; romEnd < RomSize; romEnd += PageSize)
            {
                Show(romEnd); // so that the library hears of stores to it, which do nothing
            }
            var end = Math.Min((flashUsed + PageSize - 1) / PageSize, MostPages) * PageSize;
            for(; flashEnd < end; flashEnd += PageSize)
            {
                Show(Flash + flashEnd);
            }
            looks = 0;
            Look();
        }

        private void Show(uint page)
        {
            foreach(var core in cores)
            {
                core.Cpu.SetPageAccessViaIo(page);
            }
        }

        /// <summary>Gives the library a memory of Renode's that is in one piece.</summary>
        private void Lend(uint address)
        {
            var registered = machine.SystemBus.WhatIsAt(address);
            var memory = registered == null ? null : registered.Peripheral as IMapped;
            if(memory == null)
            {
                return;
            }
            foreach(var segment in memory.MappedSegments)
            {
                segment.Touch();
                Native.rp2040_memory(chip, address, segment.Pointer, (UIntPtr)segment.Size);
                break; // the first one begins at its address
            }
        }

        private bool Take(RP2040_Core core)
        {
            var cpu = core.Cpu;
            var binder = RP2040_BlockHook.FindField(cpu.GetType(), "binder");
            var library = binder == null ? null : RP2040_BlockHook.FindField(binder.FieldType, "libraryAddress");
            var store = binder == null ? null : RP2040_BlockHook.FindField(binder.FieldType, "delegateStore");
            var guard = RP2040_BlockHook.FindMethod(cpu.GetType(), "ObtainGenericPauseGuard", new Type[0]);
            if(library == null || store == null || guard == null)
            {
                return false;
            }
            var obtainGuard = (Func<IDisposable>)Delegate.CreateDelegate(typeof(Func<IDisposable>), cpu, guard);
            var renodes = (object[])store.GetValue(binder.GetValue(cpu));
            var address = (IntPtr)library.GetValue(binder.GetValue(cpu));
            var host = new Native.BusHost
            {
                Clock = _ => OnClock(core),
                Turned = (IntPtr _, uint status, uint place, ref Native.Turn turn) => OnTurned(obtainGuard, status, place, ref turn)
            };
            var setters = new List<RP2040_BlockHook.Attacher>();
            for(var i = 0; i < names.Length; i++)
            {
                var export = Array.Find(renodes, d => d is Delegate && ((Delegate)d).Method.Name.StartsWith(names[i], StringComparison.Ordinal));
                if(export == null)
                {
                    return false;
                }
                host.Others.Set(i, Marshal.GetFunctionPointerForDelegate((Delegate)export));
                var symbol = "renode_external_attach__" + (i < 3 ? "Func" : "Action") + "UInt64UInt64UInt64__" + names[i];
                setters.Add((RP2040_BlockHook.Attacher)Marshal.GetDelegateForFunctionPointer(
                    SharedLibraries.GetSymbolAddress(address, symbol), typeof(RP2040_BlockHook.Attacher)));
            }
            Native.Bus bus;
            hosts[core.Index] = host;
            if(Native.rp2040_take_bus(chip, core.Index, ref host, out bus) != Native.Ok)
            {
                return false;
            }
            for(var i = 0; i < names.Length; i++)
            {
                setters[i](bus.Get(i));
            }
            return true;
        }

        private void OnQuantum(TimeInterval interval)
        {
            if(chip != IntPtr.Zero)
            {
                foreach(var core in cores)
                {
                    Native.rp2040_clock_moved(chip, core.Index);
                }
                if(!time.Together || time.Now - lookedAt >= BetweenLooks)
                {
                    lookedAt = time.Now;
                    Look();
                }
                onQuantum();
            }
        }

        private void Look()
        {
            if(!IsNative)
            {
                return;
            }
            // Asking for logs takes milliseconds. Who types a command makes a gap in the host's time; who runs the machine in
            // slices says by himself when to look.
            var now = Environment.TickCount;
            if(looks++ % LooksPerThoroughOne == 0 || !Sliced && now - looked > GapMilliseconds)
            {
                logged = IsLogged();
            }
            looked = Environment.TickCount;
            var breakpoints = Watchpoints();
            Watched = logged || breakpoints || Array.Exists(cores, core => core.Cpu.UpdateContextOnLoadAndStore) || Logger.MinimumLogLevel.NumericLevel <= LogLevel.Noisy.NumericLevel;
            Native.rp2040_bus_direct(chip, Watched ? 0u : 1u, breakpoints ? 0u : flashEnd);
        }

        private bool Watchpoints()
        {
            var bus = machine.SystemBus;
            if(watchpoints == null)
            {
                watchpoints = new List<ICollection>();
                foreach(var name in new[] { "hooksOnRead", "hooksOnWrite" })
                {
                    var field = RP2040_BlockHook.FindField(bus.GetType(), name);
                    var hooks = field == null ? null : field.GetValue(bus) as ICollection;
                    if(hooks != null)
                    {
                        watchpoints.Add(hooks);
                    }
                }
            }
            return watchpoints.Exists(hooks => hooks.Count > 0);
        }

        /// <summary>Whether Renode logs or counts accesses to any of the chip's blocks.</summary>
        private bool IsLogged()
        {
            var bus = machine.SystemBus;
            if(wrapped == null)
            {
                wrapped = RP2040_BlockHook.FindMethod(bus.GetType(), "ArePeripheralAccessWrappersEnabled", new[] { typeof(IBusPeripheral), typeof(Type), typeof(Type) });
                foreach(var kind in new[] { "Logging", "AccessProfiler" })
                {
                    var read = FindType(bus.GetType().Assembly, "Read" + kind + "Wrapper`1");
                    var write = FindType(bus.GetType().Assembly, "Write" + kind + "Wrapper`1");
                    if(read != null && write != null)
                    {
                        wrappers.Add(new KeyValuePair<Type, Type>(read, write));
                    }
                }
            }
            if(wrapped == null)
            {
                return false;
            }
            foreach(var wrapper in wrappers)
            {
                if(windows.Exists(window => (bool)wrapped.Invoke(bus, new object[] { window, wrapper.Key, wrapper.Value })))
                {
                    return true;
                }
            }
            return false;
        }

        private static Type FindType(Assembly assembly, string name)
        {
            return Array.Find(assembly.GetTypes(), type => type.Name == name);
        }

        // Nothing may be thrown through the library.

        private void OnClock(RP2040_Core core)
        {
            try
            {
                core.Refresh();
            }
            catch(Exception e)
            {
                owner.Log(LogLevel.Error, "The clock could not be read: {0}", e.Message);
            }
        }

        private void OnTurned(Func<IDisposable> obtainGuard, uint status, uint address, ref Native.Turn turn)
        {
            try
            {
                using(obtainGuard()) // so that who hears of it may stop the emulation
                {
                    onTurn(status, address, ref turn);
                }
            }
            catch(Exception e)
            {
                owner.Log(LogLevel.Error, "After an access to 0x{0:X8}: {1}", address, e.Message);
            }
        }

        [Transient]
        private IntPtr chip;
        [Transient]
        private Native.BusHost[] hosts = new Native.BusHost[2]; // keeps the delegates alive
        [Transient]
        private List<ICollection> watchpoints;
        [Transient]
        private MethodInfo wrapped;
        private uint flashEnd, romEnd;
        private ulong lookedAt;
        private uint looks;
        [Transient]
        private int looked; // in the host's milliseconds
        private bool logged;

        private readonly IMachine machine;
        private readonly RP2040_Core[] cores;
        private readonly RP2040_Time time;
        private readonly IPeripheral owner;
        private readonly Action onQuantum;
        private readonly TurnHandler onTurn;
        private readonly List<IBusPeripheral> windows = new List<IBusPeripheral>();
        [Transient]
        private List<KeyValuePair<Type, Type>> wrappers = new List<KeyValuePair<Type, Type>>();

        private static readonly string[] names =
        {
            "ReadByteFromBus", "ReadWordFromBus", "ReadDoubleWordFromBus", "WriteByteToBus", "WriteWordToBus", "WriteDoubleWordToBus"
        };
        private const uint Flash = 0x10000000, Sram = 0x20000000;
        private const uint RomSize = 0x4000;
        private const uint PageSize = 1024;    // of Renode's Arm library
        private const uint MostPages = 960;    // of flash: with the ROM's it takes 1024, and watchpoints want some
        private const uint LooksPerThoroughOne = 1000;
        private const ulong BetweenLooks = 1000000; // ns, for quanta are short when both cores execute
        private const int GapMilliseconds = 100;
    }
}
