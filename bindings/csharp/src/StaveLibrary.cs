namespace Stave
{
    /// <summary>The native library behind this assembly.</summary>
    public static unsafe class StaveLibrary
    {
        /// <summary>The library's version, such as <c>"0.1.0"</c>.</summary>
        public static string Version => Text.FromNative(Raw.stave_version_text());

        /// <summary>The version as major * 1000000 + minor * 1000 + patch.</summary>
        public static int VersionNumber => (int)Raw.stave_version();

        /// <summary>
        /// Native stores, batches, cursors and pins of this process that have not been freed: what a test
        /// looks at to find leaks. A store that was closed is counted until it is garbage and collected.
        /// </summary>
        public static long LiveHandles => (long)Raw.stave_live_handles();

        /// <summary>The name of a status in lower case, such as <c>"not_found"</c>.</summary>
        public static string StatusName(int status)
        {
            return Text.FromNative(Raw.stave_status_name(status));
        }

        /// <summary>One sentence about a status, for people.</summary>
        public static string StatusMessage(int status)
        {
            return Text.FromNative(Raw.stave_status_message(status));
        }
    }
}
