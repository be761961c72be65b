// Renode's processor for the bridge's tests: it "executes" a list of blocks. RenodeStub.cs has the rest.
using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

using Antmicro.Renode.Core;
using Antmicro.Renode.Logging;
using Antmicro.Renode.Peripherals.Miscellaneous;
using Antmicro.Renode.Time;
using Antmicro.Renode.Utilities;

namespace Antmicro.Renode.Peripherals.CPU
{
    public interface ICPU : IPeripheral
    {
        RegisterValue PC { get; set; }
        bool IsHalted { get; set; }
        bool OnPossessedThread { get; }
        void SyncTime();
    }

    public enum ExecutionMode { Continuous, SingleStep }

    public interface ICPUWithHooks : ICPU
    {
        void AddHook(ulong addr, Action<ICpuSupportingGdb, ulong> hook);
        void RemoveHook(ulong addr, Action<ICpuSupportingGdb, ulong> hook);
    }

    public interface ICPUWithRegisters : ICPU
    {
        void SetRegister(int register, RegisterValue value);
        RegisterValue GetRegister(int register);
    }

    public static class ICPUWithRegistersExtensions
    {
        public static void SetRegister(this ICPUWithRegisters cpu, string register, RegisterValue value) { throw new NotSupportedException(); }
        public static RegisterValue GetRegister(this ICPUWithRegisters cpu, string register) { throw new NotSupportedException(); }
    }

    public interface ICpuSupportingGdb : ICPUWithHooks { }

    public struct RegisterValue
    {
        public ulong RawValue { get; private set; }
        public static implicit operator RegisterValue(long v) { return new RegisterValue { RawValue = (ulong)v }; }
        public static implicit operator RegisterValue(ulong v) { return new RegisterValue { RawValue = v }; }
        public static implicit operator RegisterValue(uint v) { return new RegisterValue { RawValue = v }; }
        public static implicit operator RegisterValue(ushort v) { return new RegisterValue { RawValue = v }; }
        public static implicit operator RegisterValue(byte v) { return new RegisterValue { RawValue = v }; }
        public static implicit operator RegisterValue(byte[] v) { throw new NotSupportedException(); }
        public static implicit operator ulong(RegisterValue v) { return v.RawValue; }
        public static implicit operator uint(RegisterValue v) { return (uint)v.RawValue; }
        public static implicit operator ushort(RegisterValue v) { return (ushort)v.RawValue; }
        public static implicit operator byte(RegisterValue v) { return (byte)v.RawValue; }
    }

    public static class TranslationCPUHooksExtensions
    {
        public static void SetHookAtBlockEnd(this TranslationCPU cpu, IMachine m, string pythonScript) { throw new NotSupportedException(); }
    }

    public interface IControllableCPU { void RequestReturn(); }

    public class TranslationCPU : ICpuSupportingGdb, ICPUWithRegisters, IControllableCPU
    {
        public struct Block { public uint Pc, Instructions; public Action Access; }

        public TranslationCPU(Machine machine, bool native = false)
        {
            this.machine = machine;
            PerformanceInMips = 100;
            TlibCleanWfiProcState = () => WfiCleanings++;
            machine.Cpus.Add(this);
            TlibSetBlockBeginHookPresent = present => beginHookPresent = present != 0;
            if(native)
            {
                binder.libraryAddress = new IntPtr(++libraries);
                OfferSetter("FuncUInt32UInt64UInt32__OnBlockBegin", function => blockBegin = function);
                executed = () => (ulong)executedInstructions;
                SharedLibraries.Symbols[binder.libraryAddress + "tlib_get_total_executed_instructions"] = Marshal.GetFunctionPointerForDelegate(executed);
                readRegister = number => number == 15 ? (uint)pc.RawValue : (uint)Registers[number];
                SharedLibraries.Symbols[binder.libraryAddress + "tlib_get_register_value_32"] = Marshal.GetFunctionPointerForDelegate(readRegister);
                OfferBus();
            }
        }

        // ---- the library's accesses: functions that anybody may attach, until then these

        public delegate ulong BusRead(ulong address, ulong state);
        public delegate void BusWrite(ulong address, ulong value, ulong state);
        /// <summary>Accesses that passed through Renode's system bus.</summary>
        public readonly List<ulong> OnBus = new List<ulong>();
        public Action Guarded;
        public uint Load(uint address, int bytes = 4)
        {
            var read = attachedReads[bytes / 2];
            return (uint)(read == IntPtr.Zero ? 0 : ((BusRead)Marshal.GetDelegateForFunctionPointer(read, typeof(BusRead)))(address, 0));
        }

        public void Store(uint address, uint value, int bytes = 4)
        {
            ((BusWrite)Marshal.GetDelegateForFunctionPointer(attachedWrites[bytes / 2], typeof(BusWrite)))(address, value, 0);
        }

        private void OfferBus()
        {
            var reads = new BusRead[] { ReadByteFromBus, ReadWordFromBus, ReadDoubleWordFromBus };
            var writes = new BusWrite[] { WriteByteToBus, WriteWordToBus, WriteDoubleWordToBus };
            binder.delegateStore = new object[] { reads[0], reads[1], reads[2], writes[0], writes[1], writes[2], new BlockBegin(OnBlockBegin) };
            var names = new[] { "Byte", "Word", "DoubleWord" };
            for(var i = 0; i < 3; i++)
            {
                var number = i;
                OfferSetter("FuncUInt64UInt64UInt64__Read" + names[i] + "FromBus", function => attachedReads[number] = function);
                OfferSetter("ActionUInt64UInt64UInt64__Write" + names[i] + "ToBus", function => attachedWrites[number] = function);
            }
        }

        private void OfferSetter(string name, RP2040_BlockHook.Attacher setter)
        {
            setters.Add(setter);
            SharedLibraries.Symbols[binder.libraryAddress + "renode_external_attach__" + name] = Marshal.GetFunctionPointerForDelegate(setter);
        }

        private ulong ReadByteFromBus(ulong address, ulong state) { OnBus.Add(address); return 0x11; }
        private ulong ReadWordFromBus(ulong address, ulong state) { OnBus.Add(address); return 0x2222; }
        private ulong ReadDoubleWordFromBus(ulong address, ulong state) { OnBus.Add(address); return 0x44444444; }
        private void WriteByteToBus(ulong address, ulong value, ulong state) { OnBus.Add(address); }
        private void WriteWordToBus(ulong address, ulong value, ulong state) { OnBus.Add(address); }
        private void WriteDoubleWordToBus(ulong address, ulong value, ulong state) { OnBus.Add(address); }

        private class PauseGuard : IDisposable
        {
            public Action OnDispose;
            public void Dispose() { if(OnDispose != null) { OnDispose(); } }
        }
        private PauseGuard ObtainGenericPauseGuard() { return new PauseGuard { OnDispose = Guarded }; }

        private readonly IntPtr[] attachedReads = new IntPtr[3], attachedWrites = new IntPtr[3];
        private readonly List<RP2040_BlockHook.Attacher> setters = new List<RP2040_BlockHook.Attacher>();
        private ulong instructionsLeftThisRound = 1000000;
        public ulong InstructionsLeft { get { return instructionsLeftThisRound; } set { instructionsLeftThisRound = value; } }

        public readonly List<ulong> IoPages = new List<ulong>();
        public void SetPageAccessViaIo(ulong address) { IoPages.Add(address); }
        public bool UpdateContextOnLoadAndStore { get; set; }
        public uint PerformanceInMips { get; set; }
        public event Action<object> Halted; // a debugger hears of it
        public bool IsHalted
        {
            get { return halted; }
            set
            {
                var listeners = value && !halted ? Halted : null;
                halted = value;
                if(listeners != null)
                {
                    listeners(this);
                }
            }
        }

        /// <summary>The setter takes the Thumb bit, the getter does not show it.</summary>
        public RegisterValue PC
        {
            get { return pc; }
            set
            {
                if(value.RawValue % 2 == 0)
                {
                    Logger.Lines.Add("Warning: Patching PC for Thumb mode");
                }
                pc = value.RawValue & ~1ul;
                pcKnown = true;
            }
        }

        public uint VectorTableOffset
        {
            get { return vectors; }
            set { vectors = value; vectorsKnown = true; }
        }

        public ExecutionMode ExecutionMode { get; set; }

        /// <summary>Takes vector table and program counter from memory when nobody gave them, and halts if they are not there.</summary>
        public void Resume()
        {
            if(!pcKnown || !vectorsKnown)
            {
                IsHalted = true;
            }
        }
        public TimeHandle TimeHandle { get; } = new TimeHandle();
        public int WfiCleanings;
        public bool EventFlag;
        public void SetEventFlag(bool value) { EventFlag = value; }
        protected readonly Action TlibCleanWfiProcState; // by name
        public readonly ulong[] Registers = new ulong[17];
        public readonly Queue<Block> Blocks = new Queue<Block>();
        public bool Executing;
        public ulong SkippedNanoseconds;
        public ulong SkipInstructions { get { return skip * PerformanceInMips / 1000; } }
        public bool RefusesInterruptEnd;
        public int Resets, Returns;
        public void RequestReturn() { Returns++; }

        public void Reset()
        {
            Resets++;
            pcKnown = vectorsKnown = false;
        }

        public bool OnPossessedThread { get { return Executing; } }
        public void SyncTime() { }
        public void SetRegister(int register, RegisterValue value) { Registers[register] = value.RawValue; }
        public RegisterValue GetRegister(int register) { return Registers[register]; }
        public ulong ElapsedCycles { get { return machine.Now; } }
        public int ManagedBlocks;
        public void SetHookAtBlockEnd(Action<ulong, uint> hook) { blockFinishedHook = hook; }
        public void SetHookAtBlockBegin(Action<ulong, uint> hook)
        {
            blockBeginHook = hook;
            UpdateBlockBeginHookPresent();
        }
        public void ClearTranslationCache() { }
        public void AddHookAtWfiStateChange(Action<bool> hook) { Wfi += hook; }
        public Action<bool> Wfi;
        public void AddHookAtInterruptBegin(Action<ulong> hook) { InterruptBegin += hook; }
        public void AddHookAtInterruptEnd(Action<ulong> hook)
        {
            if(RefusesInterruptEnd)
            {
                throw new Antmicro.Renode.Exceptions.RecoverableException("not on this architecture");
            }
            InterruptEnd += hook;
        }
        public Action<ulong> InterruptBegin, InterruptEnd;

        public void SkipTime(TimeInterval amount)
        {
            if(amount.Ticks * PerformanceInMips % 1000 != 0)
            {
                throw new InvalidOperationException("time skipped is no whole number of instructions");
            }
            skip += amount.Ticks;
            SkippedNanoseconds += amount.Ticks;
        }

        public void AddHook(ulong address, Action<ICpuSupportingGdb, ulong> hook)
        {
            lock(hooks)
            {
                hooks[address] = hook;
            }
        }

        public void RemoveHook(ulong address, Action<ICpuSupportingGdb, ulong> hook)
        {
            lock(hooks)
            {
                hooks.Remove(address);
            }
        }

        /// <summary>The block-begin hook, hooks, the block's accesses, its time and the block-end hook, as tlib does it.</summary>
        public void ExecuteBlock()
        {
            var block = Blocks.Dequeue();
            Executing = true;
            pc = block.Pc;
            while(beginHookPresent && !Begins(block))
            {
                Skip();
            }
            lock(hooks)
            {
                Action<ICpuSupportingGdb, ulong> hook;
                if(hooks.TryGetValue(block.Pc, out hook))
                {
                    hook(this, block.Pc);
                }
            }
            if(block.Access != null)
            {
                block.Access();
            }
            machine.Now += block.Instructions * 1000UL / PerformanceInMips;
            executedInstructions += block.Instructions;
            if(Blocks.Count > 0)
            {
                pc = Blocks.Peek().Pc;
            }
            if(blockFinishedHook != null)
            {
                OnBlockFinished(block.Pc, block.Instructions);
            }
            Executing = false;
            Skip();
        }

        private bool Begins(Block block)
        {
            var attached = blockBegin == IntPtr.Zero ? OnBlockBegin : (BlockBegin)Marshal.GetDelegateForFunctionPointer(blockBegin, typeof(BlockBegin));
            return attached(block.Pc, block.Instructions) != 0;
        }

        private void Skip()
        {
            machine.Now += skip;
            skip = 0;
        }

        private RegisterValue pc;
        private uint vectors;
        private bool pcKnown, vectorsKnown, halted;
        private ulong skip;
        // As in Renode, by names that the bridge asks for: the hooks, the copy of the processor library, and what that library
        // calls until something else is attached to it.
        private void OnBlockFinished(ulong pc, uint executedInstructions)
        {
            ManagedBlocks++;
            if(blockFinishedHook != null)
            {
                blockFinishedHook(pc, executedInstructions);
            }
        }

        private uint OnBlockBegin(ulong address, uint size)
        {
            ManagedBlocks++;
            if(blockBeginHook != null)
            {
                blockBeginHook(address, size);
            }
            return 1;
        }

        private void UpdateBlockBeginHookPresent() { TlibSetBlockBeginHookPresent(blockBeginHook != null ? 1u : 0u); }

        // Both sides' delegates are of one type: Mono gives a managed function's pointer back as the delegate that it was.
        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate uint BlockBegin(ulong address, uint size);
        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate ulong InstructionCounter();
        private readonly InstructionCounter executed;
        private readonly Action<uint> TlibSetBlockBeginHookPresent;
        private IntPtr blockBegin;
        private bool beginHookPresent;
        private long executedInstructions;
        private Action<ulong, uint> blockBeginHook;
        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate uint RegisterReader(int number);
        private readonly RegisterReader readRegister;

        private class Binder { public IntPtr libraryAddress; public object[] delegateStore; }
        private static int libraries;
        private readonly Binder binder = new Binder();
        private Action<ulong, uint> blockFinishedHook;
        private readonly Dictionary<ulong, Action<ICpuSupportingGdb, ulong>> hooks = new Dictionary<ulong, Action<ICpuSupportingGdb, ulong>>();
        private readonly Machine machine;
    }
}
