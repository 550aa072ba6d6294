import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.Tokenizer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.analysis.tokenattributes.OffsetAttribute;
import org.apache.lucene.analysis.tokenattributes.PositionIncrementAttribute;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field.Store;
import org.apache.lucene.document.KeywordField;
import org.apache.lucene.document.LongField;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.queryparser.classic.ParseException;
import org.apache.lucene.queryparser.classic.QueryParser;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.Sort;
import org.apache.lucene.search.SortedNumericSelector;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.search.TopFieldCollectorManager;
import org.apache.lucene.search.TopScoreDocCollectorManager;
import org.apache.lucene.search.uhighlight.UnifiedHighlighter;
import org.apache.lucene.store.FSDirectory;

/**
 * Lucene for the benchmarks: reads articles or queries from standard input, and times itself.
 *
 * <p>{@code LuceneChild build DIR MEGABYTES GAP} indexes articles, one a line; {@code LuceneChild search DIR PAGE}
 * answers queries, one a line. Lines have fields between tabs, escaped as in Java's strings, since the JDK reads no
 * JSON; benchmarks/engines/lucene_engine.py writes and reads them.
 */
public final class LuceneChild {
  private static final int THREADS = 2;
  private static final int BATCH = 5_000; // articles that are read, which is not timed, before they are indexed
  private static final Set<String> ROW = Set.of("id", "headline", "published", "source");

  private static final BufferedReader IN =
      new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8), 1 << 20);
  private static final PrintStream OUT = new PrintStream(System.out, false, StandardCharsets.UTF_8);

  public static void main(String[] arguments) throws Exception {
    Path directory = Path.of(arguments[1]);
    if (arguments[0].equals("build")) {
      build(directory, Integer.parseInt(arguments[2]), Integer.parseInt(arguments[3]));
    } else {
      search(directory, Integer.parseInt(arguments[2]));
    }
    OUT.flush();
  }

  /** The next line's fields, or null at the end. */
  private static String[] read() throws IOException {
    String line = IN.readLine();
    if (line == null) {
      return null;
    }
    String[] fields = line.split("\t", -1);
    for (int i = 0; i < fields.length; i++) {
      fields[i] = fields[i].translateEscapes();
    }
    return fields;
  }

  /** A field of a line that Python splits at tabs. */
  private static String escaped(String text) {
    return text == null ? "" : text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r");
  }

  // Indexing.

  private static void build(Path path, int megabytes, int gap) throws Exception {
    IndexWriterConfig config = new IndexWriterConfig(new TermsAnalyzer(gap)).setRAMBufferSizeMB(megabytes);
    long begin = System.nanoTime();
    IndexWriter writer = new IndexWriter(FSDirectory.open(path), config);
    long nanos = System.nanoTime() - begin;
    try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      for (List<String[]> batch = batch(); !batch.isEmpty(); batch = batch()) {
        begin = System.nanoTime();
        add(batch, writer, threads);
        nanos += System.nanoTime() - begin;
      }
    }
    begin = System.nanoTime();
    writer.close(); // waits for merges and commits
    OUT.println((nanos + System.nanoTime() - begin) / 1e9);
  }

  private static void add(List<String[]> articles, IndexWriter writer, ExecutorService threads) throws Exception {
    List<Future<?>> parts = new ArrayList<>();
    for (int thread = 0; thread < THREADS; thread++) {
      int first = thread;
      parts.add(
          threads.submit(
              () -> {
                for (int i = first; i < articles.size(); i += THREADS) {
                  writer.addDocument(document(articles.get(i)));
                }
                return null;
              }));
    }
    for (Future<?> part : parts) {
      part.get();
    }
  }

  private static List<String[]> batch() throws IOException {
    List<String[]> articles = new ArrayList<>();
    for (String[] one = null; articles.size() < BATCH && (one = read()) != null; ) {
      articles.add(one);
    }
    return articles;
  }

  private static Document document(String[] fields) {
    Document document = new Document();
    document.add(new StringField("id", fields[0], Store.YES));
    document.add(new StoredField("headline", fields[1]));
    document.add(new StoredField("published", fields[2]));
    if (!fields[3].isEmpty()) {
      document.add(new LongField("date", Long.parseLong(fields[3]), Store.NO));
    }
    if (!fields[4].isEmpty()) {
      document.add(new KeywordField("source", fields[4], Store.YES));
    }
    document.add(new TextField("text", fields[6], Store.NO));
    document.add(new TextField("text", fields[7], Store.NO));
    document.add(new TextField("title", fields[6], Store.NO));
    document.add(new StoredField("body", fields[5]));
    return document;
  }

  // Searching.

  private static void search(Path path, int page) throws Exception {
    IndexSearcher searcher = new IndexSearcher(DirectoryReader.open(FSDirectory.open(path)));
    QueryParser parser = new QueryParser("text", new TermsAnalyzer(0));
    parser.setDefaultOperator(QueryParser.Operator.AND);
    for (String[] line = read(); line != null; line = read()) {
      if (line[0].equals("count")) {
        OUT.println(searcher.count(query(parser, line)));
      } else {
        long begin = System.nanoTime();
        Query query = query(parser, line);
        TopDocs found = found(searcher, query, line[5].equals("newest"), page);
        List<String[]> rows = rows(searcher, query, found, line[0]);
        long nanos = System.nanoTime() - begin;
        OUT.println(nanos + "\t" + rows.size());
        for (String[] row : rows) {
          OUT.println(String.join("\t", List.of(row).stream().map(LuceneChild::escaped).toList()));
        }
      }
      OUT.flush();
    }
  }

  /** A query of the fields fetch, text, since, until, source, sort; each may be empty. */
  private static Query query(QueryParser parser, String[] line) throws ParseException {
    BooleanQuery.Builder all = new BooleanQuery.Builder();
    Query words = line[1].isEmpty() ? null : parser.parse(line[1]);
    Query dates =
        line[2].isEmpty() ? null : LongField.newRangeQuery("date", Long.parseLong(line[2]), Long.parseLong(line[3]) - 1);
    if (words == null || (dates == null && line[4].isEmpty())) {
      return words == null ? dates : words;
    }
    all.add(words, Occur.MUST);
    if (dates != null) {
      all.add(dates, Occur.FILTER);
    }
    if (!line[4].isEmpty()) {
      all.add(KeywordField.newExactQuery("source", line[4]), Occur.FILTER);
    }
    return all.build();
  }

  /** The best or the newest, with all that match counted. */
  private static TopDocs found(IndexSearcher searcher, Query query, boolean newest, int page) throws IOException {
    if (!newest) {
      return searcher.search(query, new TopScoreDocCollectorManager(page, null, Integer.MAX_VALUE));
    }
    Sort sort = new Sort(LongField.newSortField("date", true, SortedNumericSelector.Type.MAX));
    return searcher.search(query, new TopFieldCollectorManager(sort, page, null, Integer.MAX_VALUE));
  }

  private static List<String[]> rows(IndexSearcher searcher, Query query, TopDocs found, String fetch)
      throws IOException {
    var stored = searcher.storedFields();
    UnifiedHighlighter highlighter =
        fetch.equals("snippets")
            ? UnifiedHighlighter.builderWithoutSearcher(new TermsAnalyzer(0)).withWeightMatches(false).build()
            : null;
    List<String[]> rows = new ArrayList<>();
    for (ScoreDoc hit : found.scoreDocs) {
      Document document = fetch.equals("rows") ? stored.document(hit.doc, ROW) : stored.document(hit.doc);
      String more = document.get("body");
      if (highlighter != null) {
        more = (String) highlighter.highlightWithoutSearcher("text", query, more, 1);
      }
      rows.add(
          new String[] {
            document.get("id"),
            document.get("headline"),
            document.get("published"),
            document.get("source") == null ? "" : document.get("source"),
            Float.toString(hit.score),
            more == null ? "" : more
          });
    }
    return rows;
  }

  /** Terms between blanks, each a position further than the one before; after a bar, in the same place. */
  private static final class Terms extends Tokenizer {
    private final CharTermAttribute term = addAttribute(CharTermAttribute.class);
    private final PositionIncrementAttribute step = addAttribute(PositionIncrementAttribute.class);
    private final OffsetAttribute offsets = addAttribute(OffsetAttribute.class);
    private final char[] buffer = new char[1 << 13];
    private int filled;
    private int next;
    private int offset;
    private boolean same;

    @Override
    public boolean incrementToken() throws IOException {
      clearAttributes();
      step.setPositionIncrement(same ? 0 : 1);
      while (true) {
        if (next == filled) {
          filled = input.read(buffer);
          next = 0;
        }
        if (filled <= 0) {
          filled = next = 0;
          return ended();
        }
        char letter = buffer[next++];
        offset++;
        boolean bar = letter == '|';
        if (bar || Character.isWhitespace(letter)) {
          if (term.length() > 0) {
            same = bar;
            offsets.setOffset(correctOffset(offset - 1 - term.length()), correctOffset(offset - 1));
            return true;
          }
        } else {
          term.append(letter);
        }
      }
    }

    private boolean ended() {
      same = false;
      offsets.setOffset(correctOffset(offset - term.length()), correctOffset(offset));
      return term.length() > 0;
    }

    @Override
    public void end() throws IOException {
      super.end();
      offsets.setOffset(correctOffset(offset), correctOffset(offset));
    }

    @Override
    public void reset() throws IOException {
      super.reset();
      filled = next = offset = 0;
      same = false;
    }
  }

  private static final class TermsAnalyzer extends Analyzer {
    private final int gap;

    TermsAnalyzer(int gap) {
      this.gap = gap;
    }

    @Override
    protected TokenStreamComponents createComponents(String field) {
      return new TokenStreamComponents(new Terms());
    }

    @Override
    public int getPositionIncrementGap(String field) {
      return gap;
    }
  }
}
