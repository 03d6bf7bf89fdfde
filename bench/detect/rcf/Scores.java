// Reads records, numbers separated by commas, and prints the anomaly score of each before it is
// learned. Usage: java -cp JARS Scores.java TREES SAMPLES MEMORY < records.csv
import com.amazon.randomcutforest.RandomCutForest;
import java.io.BufferedReader;
import java.io.InputStreamReader;

class Scores {
  public static void main(String[] arguments) throws Exception {
    RandomCutForest forest = null;
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] cells = line.split(",");
      float[] point = new float[cells.length];
      for (int i = 0; i < cells.length; ++i) point[i] = Float.parseFloat(cells[i]);
      if (forest == null) {
        int samples = Integer.parseInt(arguments[1]);
        forest = RandomCutForest.builder()
            .dimensions(point.length)
            .numberOfTrees(Integer.parseInt(arguments[0]))
            .sampleSize(samples)
            .outputAfter(samples)
            .initialAcceptFraction(1)
            .timeDecay(1.0 / Double.parseDouble(arguments[2]))
            .parallelExecutionEnabled(false)
            .randomSeed(42)
            .build();
      }
      System.out.println(forest.getAnomalyScore(point));
      forest.update(point);
    }
  }
}
