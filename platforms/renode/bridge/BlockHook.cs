// How librp2040 hears of each block that the processor executes.
//
// Renode's processor library can call a function as each block begins, and still goes from block to block by itself. The
// library exports the setter of that function, so a native one of librp2040 takes the place of Renode's; managed code is
// entered only when time is to be skipped. Renode's own is called by it as long as Renode wants it: the field of Renode's
// through which it tells its library so tells librp2040 instead. Where any of this is not to be found, BlockEnd.cs does
// the same with Renode's hook at the end of blocks, more slowly.
using System;
using System.Reflection;
using System.Runtime.InteropServices;

using Antmicro.Migrant;
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
            this.cpu = cpu;
            this.core = core;
            this.owner = owner;
            this.onSkipDue = onSkipDue;
            blockEnd = new RP2040_BlockEnd(machine, cpu, owner, OnBlock);
        }

        public void Attach(IntPtr handle)
        {
            chip = handle;
            Await();
            IsNative = UseNative();
            if(!IsNative)
            {
                blockEnd.Attach(FindField(cpu.GetType(), "blockFinishedHook"));
            }
        }

        /// <summary>Whether a processor that comes to an address can be awaited.</summary>
        public bool CanStop { get; private set; }

        public void Detach()
        {
            chip = IntPtr.Zero; // the library's function knows when its chip goes, and the processor goes as well
            blockEnd.Detach();
        }

        /// <summary>Whether the native function is in place.</summary>
        public bool IsNative { get; private set; }

        /// <summary>Looks whether the hook is still there, at most every tenth of a millisecond of virtual time.</summary>
        public void KeepAt(ulong nanoseconds)
        {
            if(!IsNative)
            {
                blockEnd.KeepAt(nanoseconds);
            }
        }

        /// <summary>Takes the hook back from whoever has it, or shares it.</summary>
        public void Keep()
        {
            if(!IsNative)
            {
                blockEnd.Keep();
            }
        }

        /// <summary>These are no interfaces of Renode's: false where one is not to be found.</summary>
        private bool UseNative()
        {
            var setter = Symbol("renode_external_attach__FuncUInt32UInt64UInt32__OnBlockBegin");
            var executed = Symbol("tlib_get_total_executed_instructions");
            var renodes = Export("OnBlockBegin");
            var presence = FindField(cpu.GetType(), "TlibSetBlockBeginHookPresent");
            var update = FindMethod(cpu.GetType(), "UpdateBlockBeginHookPresent", new Type[0]);
            var tell = presence == null ? null : presence.GetValue(cpu) as Action<uint>;
            if(setter == IntPtr.Zero || executed == IntPtr.Zero || renodes == null || tell == null || update == null)
            {
                return false;
            }
            blockHost = new Native.BlockHost { Executed = executed, SkipDue = OnSkipDue, Guest = Marshal.GetFunctionPointerForDelegate(renodes) };
            var function = Native.rp2040_take_block_hook(chip, core, ref blockHost);
            if(function == IntPtr.Zero)
            {
                return false;
            }
            ((Attacher)Marshal.GetDelegateForFunctionPointer(setter, typeof(Attacher)))(function);
            presence.SetValue(cpu, (Action<uint>)OnGuest);
            update.Invoke(cpu, null);
            cpu.ClearTranslationCache(); // of blocks that do not call it
            tell(1);
            return true;
        }

        /// <summary>Whether Renode wants its own function to be called at the beginning of blocks.</summary>
        private void OnGuest(uint wanted)
        {
            if(chip != IntPtr.Zero)
            {
                Native.rp2040_block_guest(chip, core, wanted);
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

        /// <summary>
        /// What Renode has attached to its library: a delegate that lets nothing be thrown through it. Null where there is none.
        /// </summary>
        private Delegate Export(string name)
        {
            var binder = FindField(cpu.GetType(), "binder");
            var store = binder == null ? null : FindField(binder.FieldType, "delegateStore");
            var delegates = store == null ? null : store.GetValue(binder.GetValue(cpu)) as object[];
            return delegates == null ? null : Array.Find(
                delegates, d => d is Delegate && ((Delegate)d).Method.Name.StartsWith(name, StringComparison.Ordinal)) as Delegate;
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

        private void OnBlock(uint pc, uint instructions)
        {
            Native.rp2040_cpu_block(chip, core, pc, instructions);
            onSkipDue();
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

        [Transient]
        private IntPtr chip;

        private readonly TranslationCPU cpu;
        private readonly uint core;
        private readonly IPeripheral owner;
        private readonly Action onSkipDue;
        private readonly Action<uint> onStop;
        private readonly RP2040_BlockEnd blockEnd;
        [Transient]
        private Native.BlockHost blockHost; // kept alive for the library
        [Transient]
        private Native.StopHost stopHost; // likewise

        private const BindingFlags Everything = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
    }
}
