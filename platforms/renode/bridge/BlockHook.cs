// How librp2040 hears of each block that the processor executes.
//
// Renode's processor library calls a function at the end of each block: a managed one, which costs most of the time of a
// program that computes. The library exports the setter of that function, so a native one of librp2040 takes its place;
// managed code is entered only when time is to be skipped. Where the setter is not to be found, and while somebody else
// listens as well, the managed hook does the same, more slowly.
//
// Renode has one place for such a hook. Whoever takes it later, as execution tracing does, would stop the chip's clock:
// the hook is looked after, and both are served.
using System;
using System.Reflection;
using System.Runtime.InteropServices;

using Antmicro.Migrant;
using Antmicro.Migrant.Hooks;
using Antmicro.Renode.Core;
using Antmicro.Renode.Logging;
using Antmicro.Renode.Peripherals.CPU;
using Antmicro.Renode.Utilities;

using Native = Antmicro.Renode.Peripherals.Miscellaneous.RP2040Native;

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    public class RP2040_BlockHook
    {
        /// <summary>
        /// On the processor's thread, `onSkipDue` is called when time is to be skipped, `onStop` when the processor is about to go
        /// on at an address at which it is awaited.
        /// </summary>
        public RP2040_BlockHook(IMachine machine, TranslationCPU cpu, uint core, IPeripheral owner, Action onSkipDue, Action<uint> onStop)
        {
            this.onStop = onStop;
            this.machine = machine;
            this.cpu = cpu;
            this.core = core;
            this.owner = owner;
            this.onSkipDue = onSkipDue;
            ours = OnBlockEnd;
            both = OnBlockEndForBoth;
        }

        public void Attach(IntPtr handle)
        {
            chip = handle;
            skipDue = OnSkipDue;
            holder = FindField(cpu.GetType(), "blockFinishedHook");
            IsNative = false;
            cpu.SetHookAtBlockEnd(null); // Renode tells its library of a hook only when there was none
            cpu.SetHookAtBlockEnd(ours);
            guest = null;
            UseNative();
            Await();
        }

        /// <summary>Whether a processor that comes to an address can be awaited.</summary>
        public bool CanStop { get; private set; }

        public void Detach()
        {
            chip = IntPtr.Zero; // the library's function knows when its chip goes, and the processor goes as well
        }

        /// <summary>Whether the native function is in place.</summary>
        public bool IsNative { get; private set; }

        /// <summary>Looks whether the hook is still there, at most every tenth of a millisecond of virtual time.</summary>
        public void KeepAt(ulong nanoseconds)
        {
            if(nanoseconds - looked >= 100000)
            {
                looked = nanoseconds;
                if(Held() != (guest == null ? ours : both))
                {
                    // Hooks may change only while no block is under way.
                    machine.LocalTimeSource.ExecuteInNearestSyncedState(_ => Keep());
                }
            }
        }

        /// <summary>Takes the hook back from whoever has it, or shares it.</summary>
        public void Keep()
        {
            var held = Held();
            if(chip == IntPtr.Zero || held == (guest == null ? ours : both))
            {
                return;
            }
            if(held == null)
            {
                guest = null;
                cpu.SetHookAtBlockEnd(ours);
                UseNative();
                owner.Log(LogLevel.Info, "The hook at the end of blocks was removed, and is back: the chip's clock needs it");
            }
            else if(held != ours)
            {
                guest = held;
                UseManaged();
                cpu.SetHookAtBlockEnd(both);
                owner.Log(LogLevel.Info, "The hook at the end of blocks is shared: execution is slower until the other one goes");
            }
        }

        private Action<ulong, uint> Held()
        {
            return holder == null ? ours : (Action<ulong, uint>)holder.GetValue(cpu);
        }

        private void UseNative()
        {
            var setter = Setter();
            if(setter == null)
            {
                return;
            }
            var function = Native.rp2040_take_block_hook(chip, core, skipDue, IntPtr.Zero);
            if(function != IntPtr.Zero)
            {
                setter(function);
                IsNative = true;
            }
        }

        private void Await()
        {
            var read = Symbol("tlib_get_register_value_32");
            var place = Symbol("get_reg_pointer_32");
            var pc = place == IntPtr.Zero ? IntPtr.Zero : ((PlaceOf)Marshal.GetDelegateForFunctionPointer(place, typeof(PlaceOf)))(15);
            stopHost = new Native.StopHost { Read = read, Stopped = OnStop, Pc = pc };
            CanStop = read != IntPtr.Zero && Native.rp2040_take_stops(chip, core, ref stopHost) == Native.Ok;
        }

        private void UseManaged()
        {
            if(IsNative)
            {
                IsNative = false;
                Setter()(Marshal.GetFunctionPointerForDelegate(renodes));
            }
        }

        /// <summary>
        /// Tells the copy of the processor library that this processor has which function to call; null where that cannot be
        /// done, for these are no interfaces of Renode's.
        /// </summary>
        private Attacher Setter()
        {
            var method = FindMethod(cpu.GetType(), "OnBlockFinished", new[] { typeof(ulong), typeof(uint) });
            var setter = method == null ? IntPtr.Zero : Symbol("renode_external_attach__ActionUInt64UInt32__OnBlockFinished");
            if(setter == IntPtr.Zero)
            {
                return null;
            }
            renodes = renodes ?? (BlockCallback)Delegate.CreateDelegate(typeof(BlockCallback), cpu, method);
            return (Attacher)Marshal.GetDelegateForFunctionPointer(setter, typeof(Attacher));
        }

        /// <summary>A function of the processor's library, or zero: these are no interfaces of Renode's.</summary>
        private IntPtr Symbol(string name)
        {
            try
            {
                var binder = FindField(cpu.GetType(), "binder");
                var library = binder == null ? null : FindField(binder.FieldType, "libraryAddress");
                return library == null ? IntPtr.Zero : SharedLibraries.GetSymbolAddress((IntPtr)library.GetValue(binder.GetValue(cpu)), name);
            }
            catch(Exception e) // whatever else this Renode is: there is another way
            {
                owner.Log(LogLevel.Debug, "The processor's library has no {0}: {1}", name, e.Message);
                return IntPtr.Zero;
            }
        }

        /// <summary>A field of a class or of what it derives from.</summary>
        public static FieldInfo FindField(Type type, string name)
        {
            for(; type != null; type = type.BaseType)
            {
                var field = type.GetField(name, Everything);
                if(field != null)
                {
                    return field;
                }
            }
            return null;
        }

        /// <summary>Likewise a method.</summary>
        public static MethodInfo FindMethod(Type type, string name, Type[] parameters)
        {
            for(; type != null; type = type.BaseType)
            {
                var method = type.GetMethod(name, Everything, null, parameters, null);
                if(method != null)
                {
                    return method;
                }
            }
            return null;
        }

        private void OnBlockEnd(ulong pc, uint instructions)
        {
            // Renode reports blocks left without an instruction executed, and sometimes "unknown" as the largest count.
            if(instructions == 0 || instructions > MaximumBlock || chip == IntPtr.Zero)
            {
                return;
            }
            Native.rp2040_cpu_block(chip, core, (uint)pc, instructions);
            onSkipDue();
        }

        private void OnBlockEndForBoth(ulong pc, uint instructions)
        {
            OnBlockEnd(pc, instructions);
            guest(pc, instructions);
        }

        private void OnSkipDue(IntPtr context)
        {
            try
            {
                onSkipDue();
            }
            catch(Exception e) // must not pass through the library
            {
                owner.Log(LogLevel.Error, "Time could not be skipped: {0}", e.Message);
            }
        }

        private void OnStop(IntPtr context, uint address)
        {
            try
            {
                onStop(address);
            }
            catch(Exception e) // must not pass through the library
            {
                owner.Log(LogLevel.Error, "At 0x{0:X8}: {1}", address, e.Message);
            }
        }

        /// <summary>Where the processor's library keeps a register.</summary>
        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        public delegate IntPtr PlaceOf(int register);
        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        public delegate void Attacher(IntPtr function);
        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        public delegate void BlockCallback(ulong pc, uint instructions);

        [Transient]
        private IntPtr chip;
        private ulong looked;
        private Action<ulong, uint> guest;
        [Transient]
        private BlockCallback renodes; // what Renode itself had attached

        private readonly IMachine machine;
        private readonly TranslationCPU cpu;
        private readonly uint core;
        private readonly IPeripheral owner;
        private readonly Action onSkipDue;
        private readonly Action<uint> onStop;
        private readonly Action<ulong, uint> ours, both;
        [Transient]
        private Native.PlainCallback skipDue; // kept alive for the library
        [Transient]
        private Native.StopHost stopHost; // likewise
        [Transient]
        private FieldInfo holder;

        private const BindingFlags Everything = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        private const uint MaximumBlock = 0x10000;
    }
}
