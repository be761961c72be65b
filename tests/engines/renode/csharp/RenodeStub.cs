// As much of Renode's interfaces as the bridge uses: what is no machine, bus or processor. MachineStub.cs has the machine,
// TimeStub.cs its clock, BusStub.cs the bus and what is on it, ProcessorStub.cs the processor. Names, types, overloads and
// conversions follow Renode's sources, so that what compiles here does so there; behaviour follows them where the bridge
// depends on it: actions run at their time, SkipTime moves time, hooks are called under a lock, properties come after
// constructors.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;

using Range = Antmicro.Renode.Core.Range;

using Antmicro.Renode.Core;
using Antmicro.Renode.Peripherals;
using Antmicro.Renode.Peripherals.Bus;
using Antmicro.Renode.Peripherals.CPU;
using Antmicro.Renode.Time;

namespace Antmicro.Migrant
{
    [AttributeUsage(AttributeTargets.Field | AttributeTargets.Class)]
    public class TransientAttribute : Attribute { }
    public class ConstructorAttribute : TransientAttribute { public ConstructorAttribute(params object[] parameters) { } }
}

namespace Antmicro.Migrant.Hooks
{
    [AttributeUsage(AttributeTargets.Method)]
    public class PreSerializationAttribute : Attribute { }
    [AttributeUsage(AttributeTargets.Method)]
    public class PostSerializationAttribute : Attribute { }
    [AttributeUsage(AttributeTargets.Method)]
    public class PostDeserializationAttribute : Attribute { }
    [AttributeUsage(AttributeTargets.Method)]
    public class LatePostDeserializationAttribute : Attribute { }
}

namespace Antmicro.Renode.Exceptions
{
    public class RecoverableException : Exception { public RecoverableException(string message) : base(message) { } }
    public class ConstructionException : RecoverableException { public ConstructionException(string message) : base(message) { } }
}

namespace Antmicro.Renode.Utilities
{
    /// <summary>Loads libraries as Renode does; symbols are those of the processor library's stand-in.</summary>
    public static class SharedLibraries
    {
        public static IntPtr LoadLibrary(string path)
        {
            var address = dlopen(path, 2);
            if(address == IntPtr.Zero)
            {
                throw new InvalidOperationException("Error while opening dynamic library: " + path);
            }
            return address;
        }

        public static IntPtr GetSymbolAddress(IntPtr library, string name)
        {
            IntPtr address;
            if(!Symbols.TryGetValue(library + name, out address))
            {
                throw new InvalidOperationException("Error while getting symbol from dynamic library: " + name);
            }
            return address;
        }

        public static readonly Dictionary<string, IntPtr> Symbols = new Dictionary<string, IntPtr>();

        [System.Runtime.InteropServices.DllImport("libdl.so.2")]
        private static extern IntPtr dlopen(string file, int mode);
    }
}

namespace Antmicro.Renode.Logging
{
    public sealed class LogLevel
    {
        public static readonly LogLevel Noisy = new LogLevel(-1), Debug = new LogLevel(0), Info = new LogLevel(1),
            Warning = new LogLevel(2), Error = new LogLevel(3);
        public override string ToString() { return new[] { "Noisy", "Debug", "Info", "Warning", "Error" }[NumericLevel + 1]; }
        public readonly int NumericLevel;
        private LogLevel(int level) { NumericLevel = level; }
    }

    public static class Logger
    {
        public static readonly List<string> Lines = new List<string>();
        public static LogLevel MinimumLogLevel = LogLevel.Info;
        public static void Log(this IEmulationElement e, LogLevel type, string message, params object[] args) { LogAs(e, type, message, args); }
        public static void Log(this IEmulationElement e, LogLevel type, string message) { LogAs(e, type, message); }
        public static void Log(this IEmulationElement e, LogLevel type, string message, object arg1) { LogAs(e, type, message, arg1); }
        public static void Log(this IEmulationElement e, LogLevel type, string message, object arg1, object arg2) { LogAs(e, type, message, arg1, arg2); }
        public static void LogAs(object o, LogLevel type, string message, params object[] args)
        {
            if(type.NumericLevel >= LogLevel.Info.NumericLevel)
            {
                Lines.Add(string.Format("{0} {1}: {2}", type, o.GetType().Name, args.Length == 0 ? message : string.Format(message, args)));
            }
        }
    }
}
